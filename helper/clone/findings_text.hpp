// The findings of a clone's checks as people and programs read them.
#pragma once

#include "core/clone_check.hpp"
#include "helper/output.hpp"

namespace baton::helper {

// All of them into the result, as "checks"; as a table with details and hints those that are not
// ok, or, with `all`, every one.
void ShowFindings(const core::CloneFindings& findings, bool all, Output& output);

}  // namespace baton::helper
