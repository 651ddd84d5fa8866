// What a node concludes about its own gate from what the other nodes say.  The observer asks these
// rules after each answer; nobody else opens or closes the gate for these reasons.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/cluster_view.hpp"
#include "core/gate.hpp"
#include "core/node_state.hpp"

namespace baton::core {

struct Surroundings {
  Role role = Role::kUnknown;  // of this node
  bool streaming = false;      // a standby that receives WAL from an upstream
  TimelineId timeline = 0;
  Reign reign;                  // its own; id 0 if not known
  bool registry_known = false;  // it was looked whether nodes are registered
  std::vector<PeerRow> peers;   // the other registered nodes, as they were seen last
  NodeState state;
  GateReasons reasons = 0;  // that stand now
  Instant started{};        // answers to earlier questions do not count
  Instant now{};
  Instant counts_from{};                                   // from when on quarantine is counted
  Instant quarantine_ends = kNever;                        // as it stands now
  std::optional<std::chrono::seconds> quarantine_timeout;  // none: for ever
  bool fence_when_isolated = false;
  std::chrono::milliseconds isolation_timeout{};
  std::chrono::milliseconds round{};  // the longest time between two questions to a node that end
};

struct GateJudgement {
  // A peer that holds the baton, newly found.
  bool superseded = false;
  NodeText successor;
  Reign successor_reign;
  std::string why;  // "node b is the primary on timeline 2"
  // This node follows a primary again, so that reason is over.
  bool follows_again = false;

  bool heard = false;  // enough of the other nodes, if there are any, have answered since the start

  enum class Quarantine { kNone, kGoesOn, kAnswered, kNoPeers, kTimedOut };
  Quarantine quarantine = Quarantine::kNone;
  Instant quarantine_ends = kNever;
  Instant isolation_begins = kNever;
  Instant doubt_begins = kNever;
};

// How many of `peers` other nodes must have answered: half of them, so that together with this one
// they are the larger part of the cluster.
constexpr std::size_t Quorum(std::size_t peers) { return (peers + 1) / 2; }

GateJudgement JudgeGate(const Surroundings& around);

}  // namespace baton::core
