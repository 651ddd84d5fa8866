// Whether a server that was restored can be read: what a restore test looks at.
#pragma once

#include "helper/archive/restore_scratch.hpp"
#include "helper/archive/scratch_server.hpp"
#include "helper/output.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Connects to every database that lets anybody in, and counts its relations.  Throws kRefused where
// one cannot be read.
void ReadAll(ScratchSessions& sessions, Output& output);

// pg_amcheck over all databases: every page of every table, every entry of every index.  Throws
// kRefused where it finds damage, kFailed where it cannot look; warns where the server does not
// have amcheck.
void ReadDeeply(const Programs& programs, const RestoreScratch& scratch, ScratchSessions& sessions,
                Output& output);

// pg_checksums, of a server that has been shut down.  Throws kRefused where it finds damage,
// kFailed where it cannot look.
void VerifyChecksums(const Programs& programs, const RestoreScratch& scratch, Output& output);

}  // namespace baton::helper
