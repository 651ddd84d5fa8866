// What would become of this primary if it were demoted in place now: made a standby by its own
// crash recovery, without a restart.  baton.demote() and baton.switchover() refuse while one of
// these rules is critical.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

struct NamesFound {
  std::int64_t count = 0;
  std::string names;  // joined by commas

  void Add(std::string_view name) {
    ++count;
    if (!names.empty()) names += ", ";
    names += name;
  }
};

struct DemotionFacts {
  Role role = Role::kUnknown;
  int major_version = 0;  // of this server
  TimelineId timeline = 0;
  GateFacts gate;

  // Settings of this server.
  bool restart_after_crash = false;
  bool restart_command = false;          // pg_baton.restart_command is set
  std::string recovery_targets;          // names of those that are set, joined by commas
  std::string recovery_target_timeline;  // empty: not read
  std::optional<std::chrono::milliseconds> recovery_min_apply_delay;
  bool hot_standby = false;
  std::string wal_level;                      // empty: not read
  bool alter_system_allowed = true;           // 17: allow_alter_system
  std::optional<NamesFound> on_command_line;  // of those that a demotion has to change

  // What is under way; none where it could not be measured.
  std::optional<NamesFound> trigger_files;  // that exist
  std::optional<NamesFound> two_phase_subscriptions;
  std::optional<NamesFound> logical_slots;  // those that are not temporary
  std::optional<NamesFound> base_backups;   // WAL senders that send one
  std::optional<std::int64_t> prepared_transactions;
  NamesFound overflowed;  // of those, with more subtransactions than their place in memory has room
  std::string request;    // kind and number of one that is not finished; empty if there is none
  std::optional<TimelineId> newest_history;  // above this timeline in pg_wal; 0 if there is none

  // Archiving.
  bool archiving = false;
  std::string archive_library;
  std::string archive_directory;  // pg_baton.archive_directory
  std::optional<std::int64_t> ready_files;
  std::int64_t ready_files_allowed = 0;  // pg_baton.switchover_archive_backlog
};

// One finding a check.  On a server that is no primary the only row is `is_primary`, critical.
std::vector<Finding> CheckDemotion(const DemotionFacts& facts);

}  // namespace baton::core
