// Nodes without a fault, for tests to bend.
#pragma once

#include <chrono>

#include "core/node_facts.hpp"

namespace baton::core {

inline constexpr std::int64_t kMegabyte = 1024 * 1024;
inline constexpr std::int64_t kGigabyte = 1024 * kMegabyte;

// Facts that every node has, whatever its role.
inline NodeFacts HealthyNode() {
  using namespace std::chrono_literals;
  NodeFacts node;
  node.position.timeline = 1;
  node.gate.measured = true;
  node.gate.text = "open";
  node.registry_readable = true;
  node.capacity = {.wal_senders = 10, .wal_senders_used = 1, .slots = 10, .slots_used = 1};
  node.storage.took = 2ms;
  node.storage.age = 1s;
  node.storage.wal = {.name = "WAL", .total_bytes = 100 * kGigabyte, .free_bytes = 60 * kGigabyte};
  node.storage.fullest = {
      .name = "data directory", .total_bytes = 100 * kGigabyte, .free_bytes = 50 * kGigabyte};
  node.storage.wal_rate_known = true;
  node.storage.wal_full_in = 100h;
  node.checksum_failures = 0;
  node.pending_restart = 0;
  node.collation.measured = true;
  node.grants = {.measured = true, .role_exists = true, .missing = {}};
  node.peers.measured = true;
  node.peers.registered = 1;
  node.peers.reachable = 1;
  node.peers.clock_measured = true;
  node.peers.clock_difference = 3ms;
  node.wal_log_hints = true;
  node.data_checksums = true;
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
  node.position.received = Lsn(0x3000060);
  node.position.replayed = Lsn(0x3000060);
  node.position.upstream_end = Lsn(0x3000060);
  node.replay_lag = 0s;
  node.receive_lag = 0s;
  node.since_heard = 2s;
  node.standby_settings.measured = true;
  node.recent_conflicts = 0;
  node.peers.upstream_registered = true;
  node.peers.upstream_reachable = true;
  node.peers.upstream_timeline = 1;
  node.peers.clock_node = "a";
  node.peers.settings_measured = true;
  return node;
}

// Node "a", which has one standby, "b", whose answer its commits wait for, and archives.
inline NodeFacts HealthyPrimary() {
  using namespace std::chrono_literals;
  NodeFacts node = HealthyNode();
  node.role = Role::kPrimary;
  node.position.current = Lsn(0x3000060);
  node.standbys_expected = 1;
  node.standbys_streaming = 1;
  node.worst_standby_lag_bytes = 0;
  node.worst_standby_lag = 0s;
  node.sync = {.asked = true, .needed = 1, .present = 1, .waiting = 0, .names = "b"};
  node.slots.total = 1;
  node.xmin_age = 5;
  node.xmin_holder = "b";
  node.archiver.enabled = true;
  node.archiver.configured = true;
  node.archiver.running = true;
  node.archiver.counted = true;
  node.archiver.missing_bytes = 0;
  node.archiver.missing_time = 0s;
  node.peers.clock_node = "b";
  return node;
}

}  // namespace baton::core
