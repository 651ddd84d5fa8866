#include "observation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "conninfo.hpp"
#include "core/settings_advice.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"
#include "settings.hpp"

namespace baton {
namespace {

using core::Lsn;

// Only what belongs to the extension is trusted: the reader is a superuser.
constexpr const char* kHasRegistry =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension AS e"
    " JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_extension'::regclass"
    "  AND d.refobjid = e.oid AND d.deptype = 'e'"
    " WHERE e.extname = 'pg_baton' AND d.classid = 'pg_catalog.pg_class'::regclass"
    "  AND d.objid = pg_catalog.to_regclass('baton.node'))";
constexpr const char* kRegistry = "SELECT name, conninfo FROM baton.node ORDER BY name";

// Connections that are no standby (a base backup's WAL stream, pg_receivewal) never say what they
// have replayed (src/bin/pg_basebackup/receivelog.c), so only registered names stay without it.
constexpr const char* kSenders =
    "SELECT r.application_name, r.state, r.sync_state, r.sent_lsn, r.flush_lsn, r.replay_lsn,"
    "  (EXTRACT(epoch FROM r.reply_time) * 1000000)::pg_catalog.int8, s.slot_name"
    " FROM pg_catalog.pg_stat_replication AS r"
    " LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.active_pid = r.pid"
    " WHERE r.state IN ('startup', 'catchup', 'streaming')";

constexpr const char* kSlots =
    "SELECT slot_name, active, wal_status = 'lost', restart_lsn"
    " FROM pg_catalog.pg_replication_slots WHERE NOT temporary";

constexpr const char* kArchiver =
    "SELECT last_failed_wal, last_failed_time > COALESCE(last_archived_time, '-infinity')"
    " FROM pg_catalog.pg_stat_archiver";

std::string Text(const pg::Row& row, std::size_t column) { return row[column].value_or(""); }

Lsn LsnAt(const pg::Row& row, std::size_t column) {
  return Lsn::Parse(Text(row, column)).value_or(Lsn());
}

// Unix microseconds to the server's epoch, 2000-01-01.
TimestampTz FromUnix(const std::string& microseconds) {
  if (microseconds.empty()) return 0;
  constexpr std::int64_t kDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
  return std::stoll(microseconds) - kDays * USECS_PER_DAY;
}

core::NodeText NameUpstream(const pg::Receiver& receiver, const Report& report,
                            const core::NodeText& known) {
  Endpoint endpoint{receiver.host, std::to_string(receiver.port)};
  if (endpoint.host.empty()) endpoint = EndpointOf(pg::PrimaryConninfo());
  if (endpoint.host.empty()) return known;
  for (const RegisteredNode& node : report.registry) {
    if (EndpointOf(node.conninfo.str()) == endpoint) return node.name;
  }
  return fmt::format("{}:{}", endpoint.host, endpoint.port);
}

// Role, positions, link and lag as of now, into `facts`.
void LookAtMoment(const pg::LiveFacts& live, const pg::Receiver& receiver, bool replay_advanced,
                  const core::LagHistory& history, core::NodeFacts& facts) {
  facts.role = live.role;
  facts.promoting = live.promoting;
  facts.replay = live.replay;
  facts.position = live.position;
  if (live.role != core::Role::kStandby) {
    facts.link = core::Link::kNone;
    facts.link_silent = false;
    facts.replay_lag.reset();
    facts.since_heard.reset();
    facts.upstream = "";
    return;
  }
  facts.position.upstream_end = history.last_end();
  facts.link = core::LinkOf({receiver.streaming, !pg::RestoreCommand().empty(), replay_advanced});
  if (history.last_end().IsNone()) {
    facts.since_heard.reset();
  } else {
    facts.since_heard = std::max(pg::Now() - history.last_heard(), core::Instant::zero());
  }
  facts.link_silent = facts.link == core::Link::kStreaming && facts.since_heard &&
                      *facts.since_heard > pg::SilenceAllowed(setting::CheckInterval());
  facts.replay_lag =
      history.Lag(live.position.replayed,
                  facts.link == core::Link::kStreaming && !facts.link_silent, pg::Now());
}

void ReadRegistry(pg::Spi& spi, Report& report) {
  const auto exists = spi.Run(kHasRegistry);
  report.facts.registry_readable = exists.at(0).at(0) == "t";
  if (!report.facts.registry_readable) return;
  for (const pg::Row& row : spi.Run(kRegistry)) {
    // A registry that does not fit is as good as none: whoever is missing could be the primary.
    if (!report.registry.Add({Text(row, 0), Text(row, 1)})) report.facts.registry_readable = false;
  }
}

void ReadSlots(pg::Spi& spi, Lsn end, core::SlotFacts& slots,
               std::map<std::string, Lsn>& restart_by_name) {
  for (const pg::Row& row : spi.Run(kSlots)) {
    const std::string name = Text(row, 0);
    const Lsn restart = LsnAt(row, 3);
    restart_by_name[name] = restart;
    ++slots.total;
    if (Text(row, 2) == "t") {
      ++slots.lost;
      slots.worst = name;
      continue;
    }
    if (Text(row, 1) == "t") continue;
    ++slots.inactive;
    const std::int64_t retained = restart.IsNone() ? 0 : end.BytesSince(restart);
    if (slots.lost == 0 && (slots.worst.empty() || retained > slots.retained_bytes)) {
      slots.retained_bytes = retained;
      slots.worst = name;
    }
  }
}

void ReadArchiver(pg::Spi& spi, core::Role role, core::ArchiverFacts& archiver) {
  const std::string mode = pg::Setting("archive_mode").value_or("off");
  archiver.enabled = mode == "always" || (mode == "on" && role == core::Role::kPrimary);
  archiver.configured = !pg::Setting("archive_command").value_or("").empty() ||
                        !pg::Setting("archive_library").value_or("").empty();
  if (!archiver.enabled) return;
  archiver.ready_files = pg::CountReadyFiles();
  const auto rows = spi.Run(kArchiver);
  archiver.last_failed = Text(rows.at(0), 0);
  archiver.failing = Text(rows.at(0), 1) == "t";
}

core::StandbyRow ConnectedStandby(const pg::Row& row) {
  core::StandbyRow standby;
  standby.name = Text(row, 0);
  standby.connected = true;
  standby.state = Text(row, 1);
  standby.sync_state = Text(row, 2);
  standby.sent = LsnAt(row, 3);
  standby.flushed = LsnAt(row, 4);
  standby.replayed = LsnAt(row, 5);
  standby.last_message_at = FromUnix(Text(row, 6));
  standby.slot_name = Text(row, 7);
  return standby;
}

// A registered standby that is not there: what is known of it from before, or from its slot.
core::StandbyRow AbsentStandby(const core::NodeText& name, const Memory& memory,
                               const std::map<std::string, Lsn>& restart_by_name) {
  core::StandbyRow standby;
  const auto before = std::find_if(memory.standbys.begin(), memory.standbys.end(),
                                   [&](const auto& row) { return row.name.view() == name.view(); });
  if (before != memory.standbys.end()) standby = *before;
  standby.name = name;
  standby.connected = false;
  standby.state = "disconnected";
  standby.sync_state = "";
  standby.sent = Lsn();
  const auto slot = restart_by_name.find(name.str());
  if (slot == restart_by_name.end()) {
    standby.reason = "not connected, and it has no slot here";
  } else {
    standby.slot_name = slot->first;
    if (standby.replayed.IsNone()) standby.replayed = slot->second;
    standby.reason = "not connected";
  }
  return standby;
}

void FillStandbys(pg::Spi& spi, Lsn end, const std::map<std::string, Lsn>& restart_by_name,
                  Memory& memory, Report& report) {
  std::map<std::string, core::StandbyRow> rows;
  for (const pg::Row& row : spi.Run(kSenders)) {
    const core::StandbyRow standby = ConnectedStandby(row);
    rows[standby.name.str()] = standby;
  }
  core::NodeFacts& facts = report.facts;
  const std::string own_name = setting::NodeName();
  const std::string upstream = facts.upstream.str();
  std::string missing;
  for (const RegisteredNode& node : report.registry) {
    const std::string name = node.name.str();
    if (name == own_name) continue;
    const auto found = rows.find(name);
    if (found == rows.end() && facts.role != core::Role::kPrimary) continue;
    core::StandbyRow& row = rows[name];
    if (!row.connected) row = AbsentStandby(node.name, memory, restart_by_name);
    row.registered = true;
    ++facts.standbys_expected;
    if (row.state.view() == "streaming") {
      ++facts.standbys_streaming;
    } else {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  facts.standbys_missing = missing;

  for (auto& [name, row] : rows) {
    if (!row.registered && row.replayed.IsNone()) continue;
    if (row.replayed.IsNone()) {
      if (row.reason.empty()) row.reason = "it has not said yet what it has replayed";
    } else {
      if (report.history.Covers(row.replayed)) {
        row.replay_lag = report.history.Lag(row.replayed, true, pg::Now());
      } else if (row.reason.empty()) {
        row.reason = "it is behind what this server remembers of its WAL, so its lag has no time";
      }
      row.replay_lag_bytes = end.BytesSince(row.replayed);
      facts.worst_standby_lag_bytes =
          std::max(facts.worst_standby_lag_bytes.value_or(0), *row.replay_lag_bytes);
    }
    report.standbys.Add(row);
  }
  memory.standbys = report.standbys;
}

void ReadSettings(core::NodeFacts& facts) {
  facts.data_checksums = pg::DataChecksums();
  facts.wal_log_hints = pg::Setting("wal_log_hints") == "on";
  facts.full_page_writes = pg::Setting("full_page_writes") == "on";
  if (facts.role == core::Role::kStandby) facts.standby_settings = pg::ReadStandbySettings();
  const auto advice = core::AdviseSettings(
      [](std::string_view name) { return pg::Setting(std::string(name).c_str()); },
      {"", facts.data_checksums});
  std::string missing;
  for (const core::SettingAdvice& setting : advice) {
    missing += fmt::format("{}{} = {}", missing.empty() ? "" : ", ", setting.name, setting.wanted);
  }
  facts.settings_missing = missing;
}

}  // namespace

void Observe(Memory& memory, Report& report) {
  const pg::LiveFacts live = pg::ReadLive();
  const pg::Receiver receiver =
      live.role == core::Role::kStandby ? pg::ReadReceiver() : pg::Receiver{};
  if (live.role != memory.role) {
    // Nothing of a standby's time may stay when it has become a primary.
    if (memory.role != core::Role::kUnknown) report.history = {};
    memory.role = live.role;
    memory.standbys = {};
  }
  report.facts = {};
  report.registry = {};
  report.standbys = {};

  if (live.role == core::Role::kPrimary) {
    report.history.Hear(live.position.current, pg::Now());
  } else if (receiver.last_message_at != 0 && receiver.last_message_at != memory.last_message_at) {
    report.history.Hear(receiver.upstream_end, pg::Now() - pg::Since(receiver.last_message_at));
    memory.last_message_at = receiver.last_message_at;
  }
  LookAtMoment(live, receiver,
               live.position.replayed > memory.replayed && !memory.replayed.IsNone(),
               report.history, report.facts);
  memory.replayed = live.position.replayed;

  const Lsn end =
      live.role == core::Role::kPrimary ? live.position.current : live.position.received;
  pg::WorkerTransaction transaction;
  pg::Spi spi;
  ReadRegistry(spi, report);
  if (live.role == core::Role::kStandby) {
    memory.upstream = NameUpstream(receiver, report, memory.upstream);
    report.facts.upstream = memory.upstream;
  }
  std::map<std::string, Lsn> restart_by_name;
  ReadSlots(spi, end, report.facts.slots, restart_by_name);
  ReadArchiver(spi, live.role, report.facts.archiver);
  FillStandbys(spi, end, restart_by_name, memory, report);
  ReadSettings(report.facts);
  spi.Finish();
  transaction.Commit();
}

core::NodeFacts FactsNow(const Report& report) {
  core::NodeFacts facts = report.facts;
  const pg::LiveFacts live = pg::ReadLive();
  if (live.role != core::Role::kStandby) {
    LookAtMoment(live, {}, false, {}, facts);
    return facts;
  }
  const pg::Receiver receiver = pg::ReadReceiver();
  core::LagHistory history = report.history;
  if (receiver.streaming && receiver.last_message_at != 0) {
    history.Hear(receiver.upstream_end, pg::Now() - pg::Since(receiver.last_message_at));
  }
  LookAtMoment(live, receiver, facts.link == core::Link::kFromArchive, history, facts);
  return facts;
}

}  // namespace baton
