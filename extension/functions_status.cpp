// The SQL functions behind the views that tell what is: they copy the monitor's last report out of
// shared memory, bring what changes from moment to moment up to date, and touch no table.
#include "pg/postgres.hpp"

#include "finding_row.hpp"
#include "gate_row.hpp"
#include "observation.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/tuples.hpp"
#include "reading.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "version.hpp"

namespace baton {
namespace {

Datum NodeStatus(FunctionCallInfo fcinfo) {
  const auto report = shared::Read<Report>();
  const core::NodeFacts facts = FactsNow(*report);
  const core::Position& position = facts.position;
  std::optional<std::int64_t> lag_bytes;
  if (!position.upstream_end.IsNone()) {
    lag_bytes = position.upstream_end.BytesSince(position.replayed);
  }
  pg::RowBuilder row;
  row.Text(setting::NodeName())
      .Text(core::RoleText(facts.role))
      .Text(core::StateText(facts.role, facts.link, facts.replay, facts.promoting))
      .Timeline(position.timeline)
      .Lsn(position.current)
      .Lsn(position.received)
      .Lsn(position.replayed)
      .Text(facts.upstream.view())
      .Interval(facts.replay_lag)
      .Int8(lag_bytes);
  AddGate(row);
  row.Text(PG_VERSION).Time(PgStartTime);
  return pg::SingleRow(fcinfo, row);
}

void Health(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto report = shared::Read<Report>();
  for (const core::Finding& finding : FindingsNow(*report)) {
    AddFinding(finding, report->checked_at, result);
  }
}

void Standbys(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto report = shared::Read<Report>();
  for (const core::StandbyRow& standby : StandbysNow(*report)) {
    const bool known = standby.state.view() != "unknown";
    pg::RowBuilder row;
    row.Text(standby.name.view())
        .Bool(standby.registered)
        .Bool(known ? std::optional(standby.connected) : std::nullopt)
        .Text(standby.state.view())
        .Text(standby.sync_state.view())
        .Lsn(standby.sent)
        .Lsn(standby.flushed)
        .Lsn(standby.replayed)
        .Interval(standby.replay_lag)
        .Int8(standby.replay_lag_bytes)
        .Text(standby.slot_name.view())
        .Time(standby.last_message_at)
        .Text(standby.reason.view());
    result.Add(row);
  }
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_version);
PG_FUNCTION_INFO_V1(pg_baton_node_status);
PG_FUNCTION_INFO_V1(pg_baton_health);
PG_FUNCTION_INFO_V1(pg_baton_standbys);
PG_FUNCTION_INFO_V1(pg_baton_check_now);

Datum pg_baton_version(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return baton::pg::Entry(
      [] { return baton::pg::Call([] { return CStringGetTextDatum(baton::kVersion); }); });
}

Datum pg_baton_node_status(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::NodeStatus(fcinfo); });
}

Datum pg_baton_health(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Health(fcinfo); });
  return Datum{0};
}

Datum pg_baton_check_now(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] {
    const auto limit = baton::pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(0));
    return BoolGetDatum(baton::shared::WaitForFreshLook(limit));
  });
}

Datum pg_baton_standbys(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Standbys(fcinfo); });
  return Datum{0};
}
}
