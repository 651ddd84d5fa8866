// Puts back what setup-primary changed on this server, and nothing else.
#pragma once

#include "helper/setup/setup_primary.hpp"

namespace baton::helper {

// Shows the whole plan first; with dry_run that is all.  Throws core::Refusal, and changes nothing,
// where nothing is known of a setup, or while standbys stream by its role, unless `force`.
void RunSetupUndo(const SetupRequest& request, Output& output);

}  // namespace baton::helper
