// Why a gate is closed, in the words of an error message: for the client whose commit fails, and
// for baton.health.
#pragma once

#include <string>
#include <string_view>

#include "core/gate.hpp"
#include "core/node_state.hpp"

namespace baton::core {

struct GateExplanation {
  std::string names;   // of the reasons, joined by commas; empty if there are none
  std::string detail;  // of the weightiest of them
  std::string hint;    // what opens it
};

// `unreadable` says what is wrong with the file that keeps the state.
GateExplanation ExplainGate(GateReasons reasons, const NodeState& state,
                            std::string_view unreadable);

}  // namespace baton::core
