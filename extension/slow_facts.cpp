#include "slow_facts.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "conninfo.hpp"
#include "core/settings_advice.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"

namespace baton {
namespace {

using pg::NumberAt;
using pg::TextAt;

constexpr auto kStatisticsInterval = std::chrono::seconds(10);
constexpr auto kCollationsInterval = std::chrono::minutes(1);

constexpr const char* kConflicts =
    "SELECT pg_catalog.sum(pg_catalog.pg_stat_get_db_conflict_all(oid))"
    " FROM pg_catalog.pg_database";
// The database with number 0 stands for the shared catalogs.
constexpr const char* kChecksums =
    "SELECT pg_catalog.sum(pg_catalog.pg_stat_get_db_checksum_failures(oid))"
    " FROM (SELECT oid FROM pg_catalog.pg_database UNION ALL SELECT 0::pg_catalog.oid) AS d";
constexpr const char* kPending =
    "SELECT pg_catalog.count(*), pg_catalog.string_agg(name, ', ' ORDER BY name)"
    " FROM pg_catalog.pg_settings WHERE pending_restart";

// Of every database; 'd' is disabled (src/include/catalog/pg_subscription.h).
constexpr const char* kTwoPhase =
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_subscription WHERE subtwophasestate <> 'd'";

// What pg_rewind calls on a source (its manual, "Notes").
constexpr const char* kGrants =
    "SELECT pg_catalog.to_regrole('baton_node') IS NOT NULL,"
    " pg_catalog.string_agg(f.name, ', ')"
    " FROM (VALUES ('pg_ls_dir(text,boolean,boolean)'), ('pg_stat_file(text,boolean)'),"
    "  ('pg_read_binary_file(text)'), ('pg_read_binary_file(text,bigint,bigint,boolean)'))"
    "  AS f(name)"
    " WHERE pg_catalog.to_regrole('baton_node') IS NOT NULL"
    "  AND NOT pg_catalog.has_function_privilege(pg_catalog.to_regrole('baton_node')::oid,"
    "   ('pg_catalog.' || f.name)::pg_catalog.regprocedure::oid, 'EXECUTE')";

// Databases by their default; in this database also the collations that its columns use.
constexpr const char* kCollations =
    "SELECT 'database \"' || d.datname || '\"', d.datcollversion,"
    "  pg_catalog.pg_database_collation_actual_version(d.oid)"
    " FROM pg_catalog.pg_database AS d WHERE d.datcollversion IS NOT NULL"
    " UNION ALL"
    " SELECT 'collation \"' || c.collname || '\"', c.collversion,"
    "  pg_catalog.pg_collation_actual_version(c.oid)"
    " FROM pg_catalog.pg_collation AS c WHERE c.collversion IS NOT NULL"
    "  AND c.oid IN (SELECT a.attcollation FROM pg_catalog.pg_attribute AS a"
    "                WHERE a.attrelid >= 16384)";

}  // namespace

void SlowFacts::Fill(pg::Spi& spi, core::NodeFacts& facts) {
  const core::Instant now = pg::Now();
  if (now >= statistics_due_ || facts.role != known_.role) {
    // A promotion ends the counting of what only a standby has.
    if (facts.role != known_.role) conflicts_.clear();
    known_.role = facts.role;
    ReadStatistics(spi, facts.role);
    statistics_due_ = now + kStatisticsInterval;
  }
  // These cost nothing, and a reload should show at once.
  ReadSettings();
  if (now >= collations_due_) {
    ReadCollations(spi);
    collations_due_ = now + kCollationsInterval;
  }
  facts.gate.two_phase_subscriptions = known_.gate.two_phase_subscriptions;
  facts.recent_conflicts = known_.recent_conflicts;
  facts.checksum_failures = known_.checksum_failures;
  facts.pending_restart = known_.pending_restart;
  facts.pending_names = known_.pending_names;
  facts.grants = known_.grants;
  facts.collation = known_.collation;
  facts.hot_standby_feedback = known_.hot_standby_feedback;
  facts.wal_log_hints = known_.wal_log_hints;
  facts.data_checksums = known_.data_checksums;
  facts.full_page_writes = known_.full_page_writes;
  facts.settings_missing = known_.settings_missing;
}

void SlowFacts::ReadStatistics(pg::Spi& spi, core::Role role) {
  known_.recent_conflicts.reset();
  if (role == core::Role::kStandby) {
    const std::int64_t total = NumberAt(spi.RunAgain(kConflicts).at(0), 0).value_or(0);
    const core::Instant now = pg::Now();
    // Statistics that were reset begin anew.
    if (!conflicts_.empty() && total < conflicts_.back().total) conflicts_.clear();
    conflicts_.push_back({now, total});
    while (conflicts_.size() > 2 && now - conflicts_[1].at >= core::kConflictWindow) {
      conflicts_.pop_front();
    }
    known_.recent_conflicts = total - conflicts_.front().total;
  }
  known_.checksum_failures.reset();
  if (pg::DataChecksums()) {
    known_.checksum_failures = NumberAt(spi.RunAgain(kChecksums).at(0), 0);
  }
  const auto grants = spi.RunAgain(kGrants).at(0);
  known_.grants.measured = true;
  known_.grants.role_exists = TextAt(grants, 0) == "t";
  known_.grants.missing = TextAt(grants, 1);
  const auto pending = spi.RunAgain(kPending).at(0);
  known_.pending_restart = static_cast<std::int32_t>(NumberAt(pending, 0).value_or(0));
  known_.pending_names = TextAt(pending, 1);
  known_.gate.two_phase_subscriptions =
      static_cast<std::int32_t>(NumberAt(spi.RunAgain(kTwoPhase).at(0), 0).value_or(0));
}

void SlowFacts::ReadSettings() {
  known_.data_checksums = pg::DataChecksums();
  known_.wal_log_hints = pg::Setting("wal_log_hints") == "on";
  known_.full_page_writes = pg::Setting("full_page_writes") == "on";
  known_.hot_standby_feedback = pg::Setting("hot_standby_feedback") == "on";
  const auto advice = core::AdviseSettings(
      [](std::string_view name) { return pg::Setting(std::string(name).c_str()); },
      {"", known_.data_checksums});
  std::string missing;
  for (const core::SettingAdvice& setting : advice) {
    missing += fmt::format("{}{} = {}", missing.empty() ? "" : ", ", setting.name, setting.wanted);
  }
  known_.settings_missing = missing;
}

void SlowFacts::ReadCollations(pg::Spi& spi) {
  std::string differing;
  for (const pg::Row& row : spi.RunAgain(kCollations)) {
    const std::string recorded = TextAt(row, 1);
    const std::string here = TextAt(row, 2);
    if (recorded == here) continue;
    differing += fmt::format("{}{} {}, here {}", differing.empty() ? "" : ", ", TextAt(row, 0),
                             recorded, here.empty() ? "unknown" : here);
  }
  known_.collation.measured = true;
  known_.collation.differing = differing;
}

}  // namespace baton
