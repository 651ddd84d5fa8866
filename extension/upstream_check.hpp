// Whether this standby can follow another node now: gathers what the rules of
// core/upstream_check.hpp ask for, here and from the other nodes.
#pragma once

#include <string>
#include <vector>

#include "core/finding.hpp"
#include "core/upstream_check.hpp"
#include "shared_state.hpp"

namespace baton {

// In a session with a database, in a transaction; may take a few times pg_baton.peer_timeout where
// nodes do not answer.  Throws kInvalidName for what cannot be the name of a node.  Interruptible.
core::UpstreamFacts GatherUpstreamFacts(const std::string& node);

// What a change begins with that nothing speaks against, and that may take this long.
UpstreamChange ChangeTo(const core::UpstreamFacts& facts, std::chrono::milliseconds allowed);

}  // namespace baton
