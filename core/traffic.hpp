// Whether a load balancer should send connections to a node: what /primary and /standby answer.
#pragma once

#include <string>

#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

struct TrafficFacts {
  Role role = Role::kUnknown;
  std::string gate;                      // as in baton.node_status
  std::string state;                     // the same
  Status replay_lag = Status::kUnknown;  // of that check in baton.health
};

struct Traffic {
  bool takes_writes = false;  // a primary whose write gate is not closed
  bool takes_reads = false;   // a standby whose lag is known, and not critical
  std::string reason;         // "primary, write gate open"
};

Traffic JudgeTraffic(const TrafficFacts& facts);

}  // namespace baton::core
