// Whether this primary can be demoted, or hand over, now: gathers what the rules of
// core/demotion_check.hpp and core/switchover_check.hpp ask for, here and from the target.
#pragma once

#include <string>
#include <vector>

#include "core/finding.hpp"

namespace baton {

// Both in a session with a database, in a transaction.  Interruptible.
std::vector<core::Finding> CheckDemotionNow();
// The same rows, and those of handing over to `target`, which may take a few times
// pg_baton.peer_timeout where nodes do not answer.
std::vector<core::Finding> CheckSwitchoverNow(const std::string& target);

}  // namespace baton
