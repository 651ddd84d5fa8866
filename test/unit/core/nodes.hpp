// Nodes without a fault, for tests to bend.
#pragma once

#include <chrono>

#include "core/node_facts.hpp"

namespace baton::core {

inline constexpr std::int64_t kMegabyte = 1024 * 1024;
inline constexpr std::int64_t kGigabyte = 1024 * kMegabyte;

inline NodeFacts HealthyNode() {
  NodeFacts node;
  node.registry_readable = true;
  node.wal_log_hints = true;
  node.full_page_writes = true;
  return node;
}

// Node "b", which streams from "a" and has replayed everything.
inline NodeFacts HealthyStandby() {
  using namespace std::chrono_literals;
  NodeFacts node = HealthyNode();
  node.role = Role::kStandby;
  node.link = Link::kStreaming;
  node.upstream = "a";
  node.position.timeline = 1;
  node.position.received = Lsn(0x3000060);
  node.position.replayed = Lsn(0x3000060);
  node.position.upstream_end = Lsn(0x3000060);
  node.replay_lag = 0s;
  node.since_heard = 2s;
  node.standby_settings.measured = true;
  return node;
}

// Node "a", which has one standby and archives.
inline NodeFacts HealthyPrimary() {
  NodeFacts node = HealthyNode();
  node.role = Role::kPrimary;
  node.position.timeline = 1;
  node.position.current = Lsn(0x3000060);
  node.standbys_expected = 1;
  node.standbys_streaming = 1;
  node.worst_standby_lag_bytes = 0;
  node.slots.total = 1;
  node.archiver.enabled = true;
  node.archiver.configured = true;
  return node;
}

}  // namespace baton::core
