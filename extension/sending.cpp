#include "sending.hpp"

#include "pg/postgres.hpp"

#include <algorithm>

#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "reading.hpp"
#include "registry.hpp"

namespace baton {
namespace {

using core::Lsn;
using pg::LsnAt;
using pg::NumberAt;
using pg::TextAt;

// Connections that are no standby (a base backup's WAL stream, pg_receivewal) never say what they
// have replayed (src/bin/pg_basebackup/receivelog.c), so only registered names stay without it.
constexpr const char* kSenders =
    "SELECT r.application_name, r.state, r.sync_state, r.sent_lsn, r.flush_lsn, r.replay_lsn,"
    "  (EXTRACT(epoch FROM r.reply_time) * 1000000)::pg_catalog.int8, s.slot_name,"
    "  pg_catalog.age(r.backend_xmin)"
    " FROM pg_catalog.pg_stat_replication AS r"
    " LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.active_pid = r.pid";

constexpr const char* kSlots =
    "SELECT slot_name, slot_type, active, wal_status, restart_lsn, safe_wal_size,"
    "  GREATEST(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin)), temporary,"
    "  " PG_BATON_SLOT_INACTIVE_SINCE ", " PG_BATON_SLOT_REASON
    " FROM pg_catalog.pg_replication_slots ORDER BY slot_name";

constexpr const char* kWaitingForStandbys =
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE wait_event = 'SyncRep'";

bool IsStandbyState(std::string_view state) {
  return state == "startup" || state == "catchup" || state == "streaming";
}

void NoteXmin(std::optional<std::int64_t> age, std::string_view holder, core::NodeFacts& facts) {
  if (!age || (facts.xmin_age && *facts.xmin_age >= *age)) return;
  facts.xmin_age = age;
  facts.xmin_holder = holder;
}

core::StandbyRow ConnectedStandby(const pg::Row& row) {
  core::StandbyRow standby;
  standby.name = TextAt(row, 0);
  standby.connected = true;
  standby.state = TextAt(row, 1);
  standby.sync_state = TextAt(row, 2);
  standby.sent = LsnAt(row, 3);
  standby.flushed = LsnAt(row, 4);
  standby.replayed = LsnAt(row, 5);
  if (const auto at = NumberAt(row, 6)) standby.last_message_at = pg::FromUnix(*at);
  standby.slot_name = TextAt(row, 7);
  return standby;
}

// A registered standby that is not there: what is known of it from before, or from its slot.
core::StandbyRow AbsentStandby(const core::NodeText& name, const SendingMemory& memory,
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

// Those that are connected, by name.
std::map<std::string, core::StandbyRow> ReadSenders(pg::Spi& spi, core::NodeFacts& facts) {
  std::map<std::string, core::StandbyRow> rows;
  const auto senders = spi.RunAgain(kSenders);
  facts.capacity.wal_senders = max_wal_senders;
  facts.capacity.wal_senders_used = static_cast<std::int32_t>(senders.size());
  for (const pg::Row& row : senders) {
    if (!IsStandbyState(TextAt(row, 1))) continue;
    const core::StandbyRow standby = ConnectedStandby(row);
    rows[standby.name.str()] = standby;
    NoteXmin(NumberAt(row, 8), standby.name.view(), facts);
    const auto sync = standby.sync_state.view();
    if (standby.state.view() == "streaming" && (sync == "sync" || sync == "quorum")) {
      ++facts.sync.present;
    }
  }
  facts.sync.asked = SyncRepStandbyNames != nullptr && *SyncRepStandbyNames != '\0';
  if (!facts.sync.asked) return rows;
  facts.sync.names = SyncRepStandbyNames;
  facts.sync.needed = SyncRepConfig == nullptr ? 1 : SyncRepConfig->num_sync;
  if (facts.sync.present < facts.sync.needed) {
    facts.sync.waiting =
        static_cast<std::int32_t>(NumberAt(spi.RunAgain(kWaitingForStandbys).at(0), 0).value_or(0));
  }
  return rows;
}

core::SlotRow SlotOf(const pg::Row& row, Lsn end, SendingMemory& memory) {
  core::SlotRow slot;
  const std::string name = TextAt(row, 0);
  slot.slot_name = name;
  slot.logical = TextAt(row, 1) == "logical";
  slot.active = TextAt(row, 2) == "t";
  slot.wal_status = TextAt(row, 3);
  slot.restart = LsnAt(row, 4);
  slot.safe_bytes = NumberAt(row, 5);
  slot.xmin_age = NumberAt(row, 6);
  slot.reason = TextAt(row, 9);
  slot.lost = slot.wal_status.view() == "lost";
  if (!slot.restart.IsNone()) slot.retained_bytes = end.BytesSince(slot.restart);
  if (slot.lost && slot.reason.empty()) {
    slot.reason = "it was further behind than max_slot_wal_keep_size allows";
  } else if (slot.wal_status.view() == "unreserved") {
    slot.reason = "it is further behind than max_slot_wal_keep_size allows";
  }
  if (slot.active) {
    memory.inactive_since.erase(name);
  } else if (const auto since = NumberAt(row, 8)) {
    slot.inactive_since = pg::FromUnix(*since);
  } else {
    slot.inactive_since = memory.inactive_since.emplace(name, GetCurrentTimestamp()).first->second;
  }
  return slot;
}

std::map<std::string, Lsn> ReadSlots(pg::Spi& spi, Lsn end, SendingMemory& memory, Report& report) {
  std::map<std::string, Lsn> restart_by_name;
  core::NodeFacts& facts = report.facts;
  core::SlotFacts& slots = facts.slots;
  const auto rows = spi.RunAgain(kSlots);
  facts.capacity.slots = max_replication_slots;
  facts.capacity.slots_used = static_cast<std::int32_t>(rows.size());
  for (const pg::Row& row : rows) {
    if (TextAt(row, 7) == "t") continue;
    const core::SlotRow slot = SlotOf(row, end, memory);
    report.slots.Add(slot);
    restart_by_name[slot.slot_name.str()] = slot.restart;
    NoteXmin(slot.xmin_age, slot.slot_name.view(), facts);
    ++slots.total;
    const bool unreserved = slot.wal_status.view() == "unreserved";
    if (slot.lost || (unreserved && slots.lost == 0)) {
      slots.endangered = slot.slot_name;
      slots.why = slot.reason;
    }
    if (slot.lost) ++slots.lost;
    if (unreserved) ++slots.unreserved;
    if (slot.active || slot.lost) continue;
    ++slots.inactive;
    const std::int64_t retained = slot.retained_bytes.value_or(0);
    if (slots.worst.empty() || retained > slots.retained_bytes) {
      slots.retained_bytes = retained;
      slots.worst = slot.slot_name;
    }
  }
  return restart_by_name;
}

// The nodes that stream from another standby, and from which, as the observer saw them of late.
std::map<std::string, std::string> ReadElsewhere() {
  std::map<std::string, std::string> upstreams;
  const auto cluster = ReadCluster();
  const auto is_standby = [](const core::PeerRow& peer) {
    return peer.reachable && peer.role == core::Role::kStandby;
  };
  for (const core::PeerRow& peer : cluster->peers) {
    if (!is_standby(peer) || peer.state.view() == "not receiving") continue;
    const bool cascades =
        std::any_of(cluster->peers.begin(), cluster->peers.end(), [&](const auto& other) {
          return is_standby(other) && other.name.view() == peer.upstream.view();
        });
    if (cascades) upstreams[peer.name.str()] = peer.upstream.str();
  }
  return upstreams;
}

// A registered node that streams from another one: what it lacks is seen there.
core::StandbyRow StandbyElsewhere(const core::NodeText& name, const std::string& upstream) {
  core::StandbyRow standby;
  standby.name = name;
  standby.state = "disconnected";
  standby.reason = "it streams from " + upstream;
  return standby;
}

// Every registered node gets its row.
void AddRegistered(const Registry& registry, const SendingMemory& memory,
                   const std::map<std::string, Lsn>& restart_by_name,
                   std::map<std::string, core::StandbyRow>& rows, core::NodeFacts& facts) {
  const auto elsewhere = ReadElsewhere();
  std::string missing;
  for (const RegisteredNode& node : OtherNodes(registry)) {
    const std::string name = node.name.str();
    const auto found = rows.find(name);
    if (found == rows.end() && facts.role != core::Role::kPrimary) continue;
    const auto upstream = elsewhere.find(name);
    const bool streams_elsewhere = found == rows.end() && upstream != elsewhere.end();
    core::StandbyRow& row = rows[name];
    if (streams_elsewhere) {
      row = StandbyElsewhere(node.name, upstream->second);
    } else if (!row.connected) {
      row = AbsentStandby(node.name, memory, restart_by_name);
    }
    row.registered = true;
    ++facts.standbys_expected;
    if (streams_elsewhere || row.state.view() == "streaming") {
      ++facts.standbys_streaming;
    } else {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  facts.standbys_missing = missing;
}

void FillLag(const core::LagHistory& history, Lsn end, core::StandbyRow& row,
             core::NodeFacts& facts) {
  if (row.replayed.IsNone()) {
    if (row.reason.empty()) row.reason = "it has not said yet what it has replayed";
    return;
  }
  if (history.Covers(row.replayed)) {
    row.replay_lag = history.Lag(row.replayed, true, pg::Now());
    facts.worst_standby_lag =
        std::max(facts.worst_standby_lag.value_or(core::Instant::zero()), *row.replay_lag);
  } else if (row.reason.empty()) {
    row.reason = "it is behind what this server remembers of its WAL, so its lag has no time";
  }
  row.replay_lag_bytes = end.BytesSince(row.replayed);
  facts.worst_standby_lag_bytes =
      std::max(facts.worst_standby_lag_bytes.value_or(0), *row.replay_lag_bytes);
}

}  // namespace

void LookAtSending(pg::Spi& spi, const Registry& registry, Lsn end, SendingMemory& memory,
                   Report& report) {
  auto rows = ReadSenders(spi, report.facts);
  const auto restart_by_name = ReadSlots(spi, end, memory, report);
  AddRegistered(registry, memory, restart_by_name, rows, report.facts);
  for (auto& [name, row] : rows) {
    if (!row.registered && row.replayed.IsNone()) continue;
    FillLag(report.history, end, row, report.facts);
    report.standbys.Add(row);
  }
  memory.standbys = report.standbys;
}

}  // namespace baton
