// Keeps a restore test from writing outside of its folder.  Replaying the record of a CREATE
// TABLESPACE makes folders, and removes what is in them, at the place where the primary has its
// tablespace (create_tablespace_directories in src/backend/commands/tablespace.c): on the primary's
// own host, that is the tablespace itself.  So each segment is looked into before the server gets
// it, and one with such a record ends the test.
#pragma once

#include <optional>
#include <string>

#include "core/problem.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Writes the script into the scratch folder.  It needs pg_waldump.
void WriteGuard(const Programs& programs, const RestoreScratch& scratch);

// A restore_command that runs the given one, and the script after it.
std::string Guarded(const std::string& restore_command, const RestoreScratch& scratch);

// What the script found, if it ended the test.
std::optional<core::Problem> FoundByGuard(const RestoreScratch& scratch);

}  // namespace baton::helper
