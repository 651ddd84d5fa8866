#include "core/cluster_view.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace baton::core {
namespace {

void Append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ", ";
  list += item;
}

std::map<std::string_view, std::string_view> SettingsIn(std::string_view lines) {
  std::map<std::string_view, std::string_view> settings;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    if (const auto equals = line.find('='); equals != std::string_view::npos) {
      settings[line.substr(0, equals)] = line.substr(equals + 1);
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return settings;
}

// What differs between this node and another that runs, in words.
std::string Difference(const ClusterView& view, const PeerRow& row) {
  std::string text;
  if (!row.server_version.empty() && row.server_version.view() != view.own_version) {
    Append(text, fmt::format("PostgreSQL {}", row.server_version.view()));
  }
  if (!row.architecture.empty() && row.architecture.view() != view.own_architecture) {
    Append(text, std::string(row.architecture.view()));
  }
  return text;
}

}  // namespace

PeersFacts Summarize(const ClusterView& view) {
  PeersFacts facts;
  facts.measured = view.measured;
  std::string silent;
  std::string versions;
  std::string collations;
  std::string primaries;
  std::int32_t primary_count = 0;
  for (const PeerRow& row : view.rows) {
    const std::string name = row.name.str();
    ++facts.registered;
    const bool is_upstream = row.name.view() == view.upstream;
    if (is_upstream) {
      facts.upstream_registered = true;
      facts.upstream_reachable = row.reachable;
      facts.upstream_error = row.error;
      if (row.reachable) facts.upstream_timeline = row.timeline;
    }
    if (!row.reachable) {
      Append(silent,
             fmt::format("{} ({})", name, row.error.empty() ? "not asked yet" : row.error.view()));
      continue;
    }
    ++facts.reachable;
    if (row.role == Role::kPrimary) {
      ++primary_count;
      Append(primaries, name);
    }
    if (row.clock_difference) {
      // What may be the network's doing is not the clock's.
      const auto sure = std::max(std::chrono::abs(*row.clock_difference) - row.round_trip / 2,
                                 std::chrono::microseconds::zero());
      if (!facts.clock_measured || sure > facts.clock_difference) {
        facts.clock_difference = sure;
        facts.clock_node = row.name;
      }
      facts.clock_measured = true;
    }
    if (const std::string text = Difference(view, row); !text.empty()) {
      Append(versions, fmt::format("{} ({})", name, text));
    }
    if (!row.collation_version.empty() && !view.own_collation_version.empty() &&
        row.collation_version.view() != view.own_collation_version) {
      Append(collations, fmt::format("{} has {}, this node {}", name, row.collation_version.view(),
                                     view.own_collation_version));
    }
  }
  // One primary is as it should be, but not beside this one.
  const std::int32_t one_expected = view.own_role == Role::kPrimary ? 0 : 1;
  const bool several = primary_count > one_expected;
  if (several) {
    facts.other_primaries_count = primary_count - one_expected;
    facts.other_primaries = primaries;
  }
  facts.silent = silent;
  facts.versions = versions;
  facts.collations = collations;
  return facts;
}

const std::vector<std::string_view>& AlikeSettings() {
  static const std::vector<std::string_view> settings = {
      "max_connections",
      "max_prepared_transactions",
      "max_locks_per_transaction",
      "max_wal_senders",
      "max_worker_processes",
      "max_replication_slots",
      "wal_level",
      "wal_log_hints",
      "full_page_writes",
      "fsync",
      "synchronous_commit",
      "wal_keep_size",
      "max_slot_wal_keep_size",
      "max_wal_size",
      "archive_mode",
      "hot_standby",
      "shared_preload_libraries",
      "pg_baton.database",
      "password_encryption",
      "ssl",
      "shared_buffers",
      "work_mem",
      "maintenance_work_mem",
      "statement_timeout",
      "default_transaction_isolation",
      "default_transaction_read_only",
      "TimeZone",
      "DateStyle",
      "autovacuum",
  };
  return settings;
}

std::string_view SettingIn(std::string_view lines, std::string_view name) {
  const auto settings = SettingsIn(lines);
  const auto found = settings.find(name);
  return found == settings.end() ? std::string_view() : found->second;
}

std::string DriftBetween(std::string_view own, std::string_view primary) {
  const auto here = SettingsIn(own);
  const auto there = SettingsIn(primary);
  std::string text;
  for (const std::string_view name : AlikeSettings()) {
    const auto mine = here.find(name);
    const auto theirs = there.find(name);
    if (mine == here.end() || theirs == there.end() || mine->second == theirs->second) continue;
    const auto quoted = [](std::string_view value) {
      return value.empty() ? std::string("''") : std::string(value);
    };
    Append(text,
           fmt::format("{} {}, primary {}", name, quoted(mine->second), quoted(theirs->second)));
  }
  return text;
}

}  // namespace baton::core
