// The target of a switchover, asked over one session: who it is, whether it has room for this
// node's slot and reaches this node, and what speaks against its promotion.
#pragma once

#include <string>

#include "core/switchover_check.hpp"

namespace baton {

// Fills what the target says, or why it did not.  `target` and `node_name` of the facts are set,
// and the target is registered with this conninfo.  Interruptible.
void InterviewTarget(const std::string& conninfo, core::SwitchoverFacts& facts);

}  // namespace baton
