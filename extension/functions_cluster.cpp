// The SQL functions behind the views that tell what the workers know of nodes, slots, events and
// settings; like those of status they read shared memory and touch no table.
#include "pg/postgres.hpp"

#include <algorithm>

#include "board_facts.hpp"
#include "core/metrics.hpp"
#include "core/quantity.hpp"
#include "core/settings_advice.hpp"
#include "gate.hpp"
#include "observation.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/tuples.hpp"
#include "reading.hpp"
#include "self_report.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

std::vector<std::string> SplitNames(std::string_view names) {
  std::vector<std::string> list;
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    if (comma > 0) list.emplace_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return list;
}

void AddPeer(const core::PeerRow& peer, pg::ResultSet& result) {
  const bool seen = peer.seen_at != 0;
  pg::RowBuilder row;
  row.Text(peer.name.view())
      .Bool(peer.asked ? std::optional(peer.reachable) : std::nullopt)
      .Text(seen ? core::RoleText(peer.role) : "")
      .Text(peer.state.view())
      .Timeline(peer.timeline)
      .Lsn(peer.lsn)
      .Lsn(peer.replayed)
      .Interval(peer.replay_lag)
      .Int8(peer.replay_lag_bytes)
      .Text(peer.upstream.view())
      .Text(peer.server_version.view())
      .Interval(peer.clock_difference);
  if (seen) {
    row.TextArray(SplitNames(peer.sees.view()));
  } else {
    row.Null();
  }
  row.Time(peer.seen_at)
      .Text(peer.asked ? peer.error.view() : "not asked yet")
      .Text(peer.gate.view())
      .Text(peer.primary.view());
  result.Add(row);
}

void Cluster(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto cluster = ReadCluster();
  const core::PeerRow self = OwnRow(FactsNow(*shared::Read<Report>()));
  // By name, as the registry has them, with this node in its place.
  bool self_added = self.name.empty();
  for (const core::PeerRow& peer : cluster->peers) {
    if (!self_added && self.name.view() < peer.name.view()) {
      AddPeer(self, result);
      self_added = true;
    }
    AddPeer(peer, result);
  }
  if (!self_added) AddPeer(self, result);
}

void Slots(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto report = shared::Read<Report>();
  for (const core::SlotRow& slot : report->slots) {
    pg::RowBuilder row;
    row.Text(slot.slot_name.view())
        .Text(slot.logical ? "logical" : "physical")
        .Bool(slot.active)
        .Text(slot.wal_status.view())
        .Lsn(slot.restart)
        .Int8(slot.retained_bytes)
        .Int8(slot.safe_bytes)
        .Time(slot.inactive_since)
        .Int8(slot.xmin_age)
        .Text(slot.reason.view());
    result.Add(row);
  }
}

void Events(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto events = shared::Read<core::EventLog>();
  for (std::size_t i = events->size(); i > 0; --i) {
    const core::Event& event = (*events)[i - 1];
    pg::RowBuilder row;
    row.Int8(event.id)
        .Time(event.happened_at)
        .Text(event.kind.view())
        .Text(event.message.view())
        .Text(event.detail.view());
    result.Add(row);
  }
}

void SettingsCheck(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto cluster = ReadCluster();
  const auto settings = core::CheckSettings(
      [](std::string_view name) { return pg::Setting(std::string(name).c_str()); },
      {"", pg::DataChecksums()});
  for (const core::SettingAdvice& setting : settings) {
    pg::RowBuilder row;
    row.Text(setting.name)
        .TextOrEmpty(setting.current)
        .TextOrEmpty(setting.wanted)
        .Bool(setting.fine)
        .Text(setting.why)
        .Text(setting.fine
                  ? ""
                  : fmt::format("ALTER SYSTEM SET {} = '{}'", setting.name, setting.wanted))
        .Text(setting.restart ? "restart" : "reload")
        .Text(core::SettingIn(cluster->settings.view(), setting.name));
    result.Add(row);
  }
}

std::string Metrics() {
  const auto report = shared::Read<Report>();
  core::MetricsInput input;
  input.node_name = setting::NodeName();
  input.server_version = PG_VERSION;
  input.facts = FactsNow(*report);
  input.gate = core::ReasonsAt(gate::Read(), pg::Now());
  input.findings = FindingsNow(*report);
  input.standbys = StandbysNow(*report);
  input.slots.assign(report->slots.begin(), report->slots.end());
  const auto cluster = ReadCluster();
  input.cluster.assign(cluster->peers.begin(), cluster->peers.end());
  return core::MetricsText(input);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_cluster);
PG_FUNCTION_INFO_V1(pg_baton_slots);
PG_FUNCTION_INFO_V1(pg_baton_events);
PG_FUNCTION_INFO_V1(pg_baton_settings_check);
PG_FUNCTION_INFO_V1(pg_baton_metrics);

Datum pg_baton_cluster(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Cluster(fcinfo); });
  return Datum{0};
}

Datum pg_baton_slots(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Slots(fcinfo); });
  return Datum{0};
}

Datum pg_baton_events(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Events(fcinfo); });
  return Datum{0};
}

Datum pg_baton_settings_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::SettingsCheck(fcinfo); });
  return Datum{0};
}

Datum pg_baton_metrics(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return baton::pg::Entry([] {
    const std::string text = baton::Metrics();
    const char* const bytes = text.data();
    const int length = static_cast<int>(text.size());
    return baton::pg::Call(
        [=] { return PointerGetDatum(cstring_to_text_with_len(bytes, length)); });
  });
}
}
