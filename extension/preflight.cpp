#include "preflight.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "auto_conf.hpp"
#include "core/demotion_check.hpp"
#include "core/switchover_check.hpp"
#include "gatekeeper.hpp"
#include "pg/guard.hpp"
#include "pg/prepared_xacts.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"
#include "pg/volumes.hpp"
#include "pg/wal_history.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standby_login.hpp"
#include "target_interview.hpp"
#include "trigger_file.hpp"

namespace baton {
namespace {

constexpr auto kFreshLook = std::chrono::milliseconds(1000);

constexpr const char* kTwoPhase =
    "SELECT pg_catalog.count(*), pg_catalog.string_agg(subname::pg_catalog.text, ', ')"
    " FROM pg_catalog.pg_subscription WHERE subtwophasestate OPERATOR(pg_catalog.<>) 'd'";

constexpr const char* kLogicalSlots =
    "SELECT pg_catalog.count(*), pg_catalog.string_agg(slot_name::pg_catalog.text, ', ')"
    " FROM pg_catalog.pg_replication_slots"
    " WHERE slot_type OPERATOR(pg_catalog.=) 'logical' AND NOT temporary";

constexpr const char* kBaseBackups =
    "SELECT pg_catalog.count(*), pg_catalog.string_agg(application_name, ', ')"
    " FROM pg_catalog.pg_stat_replication WHERE state OPERATOR(pg_catalog.=) 'backup'";

// Set where no configuration file counts any more: PGC_S_ARGV and PGC_S_OVERRIDE (guc.c).
constexpr const char* kOnCommandLine =
    "SELECT pg_catalog.count(*), pg_catalog.string_agg(name, ', ')"
    " FROM pg_catalog.pg_settings"
    " WHERE name OPERATOR(pg_catalog.=) ANY"
    "  (ARRAY['primary_conninfo', 'restore_command', 'recovery_init_sync_method',"
    "         'remove_temp_files_after_crash'])"
    " AND source OPERATOR(pg_catalog.=) ANY (ARRAY['command line', 'override'])";

constexpr const char* kPrepared = "SELECT transaction, gid FROM pg_catalog.pg_prepared_xacts";

constexpr const char* kSender =
    "SELECT state, GREATEST(0, pg_catalog.pg_wal_lsn_diff("
    "  pg_catalog.pg_current_wal_insert_lsn(), replay_lsn))::pg_catalog.int8"
    " FROM pg_catalog.pg_stat_replication WHERE application_name OPERATOR(pg_catalog.=) $1"
    " ORDER BY state OPERATOR(pg_catalog.=) 'streaming' DESC, replay_lsn DESC NULLS LAST LIMIT 1";

core::NamesFound NamesIn(const std::vector<pg::Row>& rows) {
  return {pg::NumberAt(rows.at(0), 0).value_or(0), pg::TextAt(rows.at(0), 1)};
}

std::string OpenRequest() {
  for (const Request& request : shared::ReadRequests()) {
    if (IsFinished(request.state)) continue;
    return fmt::format("{} {}", request.kind.view(), request.id);
  }
  return "";
}

void FillSettings(core::DemotionFacts& facts) {
  facts.restart_after_crash = pg::Setting("restart_after_crash") == "on";
  facts.restart_command = !setting::RestartCommand().empty();
  core::NamesFound targets;
  for (const char* const name : {"recovery_target", "recovery_target_lsn", "recovery_target_name",
                                 "recovery_target_time", "recovery_target_xid"}) {
    if (!pg::Setting(name).value_or("").empty()) targets.Add(name);
  }
  facts.recovery_targets = targets.names;
  facts.recovery_target_timeline = pg::Setting("recovery_target_timeline").value_or("");
  const auto delay = pg::Setting("recovery_min_apply_delay");
  if (delay) facts.recovery_min_apply_delay = std::chrono::milliseconds(std::stoll(*delay));
  facts.hot_standby = EnableHotStandby;
  facts.wal_level = pg::Setting("wal_level").value_or("");
  facts.alter_system_allowed = MayAlterSystem();
  facts.archiving = XLogArchivingActive();
  facts.archive_library = pg::Setting("archive_library").value_or("");
  facts.archive_directory = setting::ArchiveDirectory();
  facts.ready_files_allowed = setting::SwitchoverArchiveBacklog();
}

void FillPrepared(const std::vector<pg::Row>& prepared, core::DemotionFacts& facts) {
  facts.prepared_transactions = static_cast<std::int64_t>(prepared.size());
  if (prepared.empty()) return;
  const std::vector<std::uint32_t> overflowed = pg::OverflowedPreparedXacts();
  for (const pg::Row& row : prepared) {
    const auto xid = static_cast<std::uint32_t>(pg::NumberAt(row, 0).value_or(0));
    const bool found = std::find(overflowed.begin(), overflowed.end(), xid) != overflowed.end();
    if (found) facts.overflowed.Add(pg::TextAt(row, 1));
  }
}

// A transaction keeps what it saw of the server's sessions first.
void ForgetSessions() {
  pg::Call([] { pgstat_clear_backend_activity_snapshot(); });
}

void FillFromCatalog(core::DemotionFacts& facts) {
  const pg::AsSuperuser all_to_be_seen;
  ForgetSessions();
  pg::Spi spi;
  facts.two_phase_subscriptions = NamesIn(spi.Run(kTwoPhase));
  facts.logical_slots = NamesIn(spi.Run(kLogicalSlots));
  facts.base_backups = NamesIn(spi.Run(kBaseBackups));
  facts.on_command_line = NamesIn(spi.Run(kOnCommandLine));
  FillPrepared(spi.Run(kPrepared), facts);
  spi.Finish();
}

core::DemotionFacts GatherDemotionFacts() {
  core::DemotionFacts facts;
  const pg::LiveFacts live = pg::ReadLive();
  facts.role = live.role;
  if (facts.role != core::Role::kPrimary) return facts;
  facts.major_version = PG_MAJORVERSION_NUM;
  facts.timeline = live.position.timeline;
  facts.gate = GateFactsNow();
  FillSettings(facts);
  FillFromCatalog(facts);
  facts.trigger_files = TriggerFilesThere();
  facts.request = OpenRequest();
  facts.newest_history = pg::NewestHistoryAbove(facts.timeline);
  const pg::ReadyFiles ready = pg::CountReadyFiles(core::Lsn());
  if (ready.count >= 0) facts.ready_files = ready.count;
  return facts;
}

void FillSender(core::SwitchoverFacts& facts) {
  const pg::AsSuperuser all_to_be_seen;
  ForgetSessions();
  pg::Spi spi;
  const auto rows = spi.Run(kSender, {facts.target.c_str()});
  spi.Finish();
  facts.senders_read = true;
  if (rows.empty()) return;
  facts.sender = core::TargetSender{pg::TextAt(rows[0], 0), pg::NumberAt(rows[0], 1)};
}

core::SwitchoverFacts GatherSwitchoverFacts(const std::string& target) {
  core::SwitchoverFacts facts;
  facts.target = target;
  facts.node_name = setting::NodeName();
  facts.major_version = PG_MAJORVERSION_NUM;
  facts.timeline = pg::ReadLive().position.timeline;
  facts.lag_allowed = setting::SwitchoverMaxLagBytes();
  facts.synchronous_standby_names = SyncRepStandbyNames == nullptr ? "" : SyncRepStandbyNames;
  // A node that was registered a moment ago counts too; without the monitor the last known ones do.
  shared::WaitForFreshLook(kFreshLook);
  const auto registry = shared::Read<Registry>();
  facts.registry_readable = registry->readable;
  const RegisteredNode* const node = FindNode(*registry, target);
  facts.registered = node != nullptr;
  if (!facts.registered || target == facts.node_name) return facts;
  InterviewTarget(node->conninfo.str(), facts);
  if (facts.answer.kind == core::PeerAnswer::Kind::kAnswered) {
    const std::string way = WayTo(node->conninfo.str(), pg::PrimaryConninfo());
    facts.standby_login = TryLoginAsStandby(target, way, setting::PeerTimeout());
  }
  // What it lacks is read last, and so is as young as can be.
  FillSender(facts);
  return facts;
}

}  // namespace

std::vector<core::Finding> CheckDemotionNow() { return core::CheckDemotion(GatherDemotionFacts()); }

std::vector<core::Finding> CheckSwitchoverNow(const std::string& target) {
  const core::DemotionFacts own = GatherDemotionFacts();
  std::vector<core::Finding> findings = core::CheckDemotion(own);
  if (own.role != core::Role::kPrimary) return findings;
  for (const core::Finding& finding : core::CheckSwitchover(GatherSwitchoverFacts(target))) {
    findings.push_back(finding);
  }
  return findings;
}

}  // namespace baton
