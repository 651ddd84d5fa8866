#include "core/traffic.hpp"

#include <fmt/format.h>

namespace baton::core {

Traffic JudgeTraffic(const TrafficFacts& facts) {
  switch (facts.role) {
    case Role::kPrimary:
      // At a gate that waits nobody is turned away: the switchover ends in a moment, or is undone.
      return {facts.gate == "open" || facts.gate == "waiting", false,
              fmt::format("primary, write gate {}", facts.gate)};
    case Role::kStandby:
      return {false, facts.replay_lag == Status::kOk || facts.replay_lag == Status::kWarning,
              fmt::format("standby, {}, replay lag {}", facts.state, StatusText(facts.replay_lag))};
    case Role::kUnknown:
      break;
  }
  return {false, false, "it does not know its role yet"};
}

}  // namespace baton::core
