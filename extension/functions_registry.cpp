// The SQL functions that keep the registry of nodes, and the proof of replication that goes over
// it.
#include "pg/postgres.hpp"

#include "canary.hpp"
#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/node_name.hpp"
#include "pg/guard.hpp"
#include "pg/query.hpp"
#include "pg/tuples.hpp"

namespace baton {
namespace {

constexpr const char* kUpsert =
    "INSERT INTO baton.node AS n (name, conninfo, priority, tags)"
    " VALUES ($1, $2, $3::pg_catalog.int4, $4::pg_catalog.jsonb)"
    " ON CONFLICT (name) DO UPDATE SET conninfo = EXCLUDED.conninfo,"
    "  priority = EXCLUDED.priority, tags = EXCLUDED.tags"
    " WHERE (n.conninfo, n.priority, n.tags)"
    "  IS DISTINCT FROM (EXCLUDED.conninfo, EXCLUDED.priority, EXCLUDED.tags)";

constexpr const char* kDelete = "DELETE FROM baton.node WHERE name = $1 RETURNING name";

std::string TextArgument(Datum argument) {
  return pg::Call([argument] { return TextDatumGetCString(argument); });
}

void RequirePrimary() {
  if (!RecoveryInProgress()) return;
  throw core::Error(core::ErrorCode::kWrongState, "the registry can be changed on the primary only",
                    "This server is a standby; it gets the registry by replication.",
                    "Call the function on the primary.");
}

void RequireArguments(FunctionCallInfo fcinfo) {
  for (int i = 0; i < PG_NARGS(); ++i) {
    if (!PG_ARGISNULL(i)) continue;
    throw core::Error(core::ErrorCode::kUsage, "no argument of this function may be null");
  }
}

void RegisterNode(FunctionCallInfo fcinfo) {
  RequireArguments(fcinfo);
  if (PG_GETARG_INT32(2) < 0) {
    throw core::Error(core::ErrorCode::kUsage, "a node's priority must not be negative", "",
                      "The standby with the highest is preferred; 0 means never.");
  }
  const std::string name = TextArgument(PG_GETARG_DATUM(0));
  const std::string conninfo = TextArgument(PG_GETARG_DATUM(1));
  const std::string priority = std::to_string(PG_GETARG_INT32(2));
  const Datum tags_argument = PG_GETARG_DATUM(3);
  const std::string tags = pg::Call(
      [tags_argument] { return DatumGetCString(DirectFunctionCall1(jsonb_out, tags_argument)); });
  core::RequireNodeName(name);
  RequireRegistrable(conninfo);
  RequirePrimary();
  pg::Spi spi;
  spi.Run(kUpsert, {name.c_str(), conninfo.c_str(), priority.c_str(), tags.c_str()});
  spi.Finish();
}

void UnregisterNode(FunctionCallInfo fcinfo) {
  RequireArguments(fcinfo);
  const std::string name = TextArgument(PG_GETARG_DATUM(0));
  RequirePrimary();
  pg::Spi spi;
  if (spi.Run(kDelete, {name.c_str()}).empty()) {
    throw core::Error(core::ErrorCode::kNotFound, "node \"" + name + "\" is not registered", "",
                      "SELECT name FROM baton.node lists the registered ones.");
  }
  spi.Finish();
}

void Verify(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  for (const CanarySighting& sighting :
       VerifyReplication(pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(0)))) {
    std::optional<double> elapsed_ms;
    if (sighting.elapsed) elapsed_ms = static_cast<double>(sighting.elapsed->count()) / 1000;
    pg::RowBuilder row;
    row.Text(sighting.name)
        .Bool(sighting.elapsed.has_value())
        .Lsn(sighting.written)
        .Time(sighting.readable_at)
        .Float8(elapsed_ms)
        .Text(sighting.reason);
    result.Add(row);
  }
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_register_node);
PG_FUNCTION_INFO_V1(pg_baton_unregister_node);
PG_FUNCTION_INFO_V1(pg_baton_verify_replication);

Datum pg_baton_register_node(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::RegisterNode(fcinfo); });
  PG_RETURN_VOID();
}

Datum pg_baton_unregister_node(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::UnregisterNode(fcinfo); });
  PG_RETURN_VOID();
}

Datum pg_baton_verify_replication(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Verify(fcinfo); });
  return Datum{0};
}
}
