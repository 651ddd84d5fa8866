// A node of which everything is known, so that its metrics have every name that there is.
#pragma once

#include "core/checks.hpp"
#include "core/metrics.hpp"

namespace baton::core {

inline std::vector<Finding> OneFindingForEachCheck() {
  std::vector<Finding> findings;
  for (const CheckInfo& info : Checks()) {
    findings.push_back(info.unit == Unit::kNone
                           ? Judged(info.check, Status::kOk, "yes", "as it should be")
                           : Measured(info.check, 42, info.usual));
  }
  return findings;
}

inline StandbyRow ConnectedStandby() {
  StandbyRow row;
  // What a stranger may call itself.
  row.name = "app \"x\" \\ y";
  row.connected = true;
  row.replay_lag = std::chrono::milliseconds(120);
  row.replay_lag_bytes = 16 * 1024;
  return row;
}

inline SlotRow UsedSlot() {
  SlotRow row;
  row.slot_name = "b";
  row.active = true;
  row.wal_status = "extended";
  row.retained_bytes = 1'500'000'000;
  row.safe_bytes = std::int64_t{1} << 40;
  return row;
}

inline PeerRow StandbyInTheCluster() {
  PeerRow row;
  row.name = "b";
  row.asked = true;
  row.reachable = true;
  row.role = Role::kStandby;
  row.timeline = 5;
  row.replay_lag = std::chrono::milliseconds(120);
  row.replay_lag_bytes = 16 * 1024;
  row.seen_at = 833'630'400'123'456;
  return row;
}

inline PeerRow NodeNeverSeen() {
  PeerRow row;
  row.name = "c";
  return row;
}

inline MetricsInput RichExample() {
  MetricsInput input;
  input.node_name = "a";
  input.server_version = "15.20 (Debian 15.20-0+deb12u1)";
  input.facts.role = Role::kPrimary;
  input.facts.position.timeline = 5;
  input.gate = static_cast<GateReasons>(GateReason::kFencedByHand);
  input.findings = OneFindingForEachCheck();
  input.standbys = {ConnectedStandby()};
  input.slots = {UsedSlot()};
  input.cluster = {StandbyInTheCluster(), NodeNeverSeen()};
  return input;
}

}  // namespace baton::core
