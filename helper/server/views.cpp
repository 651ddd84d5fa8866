#include "helper/server/views.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "helper/server/queries.hpp"

namespace baton::helper {
namespace {

std::optional<double> Double(const Result& result, int row, int column) {
  if (result.IsNull(row, column)) return std::nullopt;
  return std::strtod(result.Text(row, column).c_str(), nullptr);
}

std::optional<std::chrono::microseconds> Microseconds(const Result& result, int row, int column) {
  if (result.IsNull(row, column)) return std::nullopt;
  return std::chrono::microseconds(result.Number(row, column));
}

std::optional<std::vector<std::string>> Names(const Result& result, int row, int column) {
  if (result.IsNull(row, column)) return std::nullopt;
  std::vector<std::string> names;
  std::string name;
  for (const char c : result.Text(row, column) + ",") {
    if (c != ',') {
      name += c;
    } else if (!name.empty()) {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  return names;
}

std::vector<HealthRow> ReadFindings(Connection& server, const std::string& view,
                                    const std::vector<std::string>& arguments = {}) {
  const Result result = server.Query(
      "SELECT check_name, status, value, threshold, message, hint, value_number, unit, warning_at,"
      " critical_at FROM " +
          view,
      arguments);
  std::vector<HealthRow> rows;
  for (int row = 0; row < result.rows(); ++row) {
    rows.push_back({result.Text(row, 0), StatusOf(result.Text(row, 1)), result.Text(row, 2),
                    result.Text(row, 3), result.Text(row, 4), result.Text(row, 5),
                    Double(result, row, 6), result.Text(row, 7), Double(result, row, 8),
                    Double(result, row, 9)});
  }
  return rows;
}

ClusterRow RowFrom(const Result& result, int row) {
  ClusterRow node;
  node.name = result.Text(row, 0);
  node.reachable = result.Bool(row, 1);
  node.role = result.Text(row, 2);
  node.state = result.Text(row, 3);
  node.timeline = static_cast<core::TimelineId>(result.Number(row, 4));
  node.lsn = core::Lsn::Parse(result.Text(row, 5)).value_or(core::Lsn());
  node.replayed = core::Lsn::Parse(result.Text(row, 6)).value_or(core::Lsn());
  node.replay_lag = Microseconds(result, row, 7);
  if (!result.IsNull(row, 8)) node.replay_lag_bytes = result.Number(row, 8);
  node.upstream = result.Text(row, 9);
  node.server_version = result.Text(row, 10);
  node.clock_difference = Microseconds(result, row, 11);
  node.sees = Names(result, row, 12);
  node.seen_at = result.Text(row, 13);
  node.unseen = Microseconds(result, row, 14);
  node.error = result.Text(row, 15);
  node.gate = result.Text(row, 16);
  node.gate_reasons = Names(result, row, 17).value_or(std::vector<std::string>());
  return node;
}

}  // namespace

bool HasView(Connection& server, const std::string& view) {
  const bool is_function = view.ends_with(')');
  return server.Value(is_function ? "SELECT to_regprocedure($1) IS NOT NULL"
                                  : "SELECT to_regclass($1) IS NOT NULL",
                      {view}) == "t";
}

void RequireViews(Connection& server, const std::vector<std::string>& views) {
  if (!HasExtension(server)) {
    throw core::Error(core::ErrorCode::kFailed, "this server has no extension pg_baton",
                      fmt::format("It was looked for in database \"{}\".", server.database()),
                      "Run pg_baton setup-primary, or name the right database with -d.");
  }
  for (const std::string& view : views) {
    if (HasView(server, view)) continue;
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("the extension pg_baton of this server has no {}", view),
                      fmt::format("The server's library has version {}; this program needs a newer "
                                  "SQL interface.",
                                  server.Value("SELECT baton.version()")),
                      "Install the same version of pg_baton on every node, restart the servers, "
                      "and update the extension on the primary: ALTER EXTENSION pg_baton UPDATE.");
  }
}

std::vector<HealthRow> ReadHealth(Connection& server) {
  return ReadFindings(server, "baton.health");
}

std::vector<HealthRow> ReadPromotionCheck(Connection& server) {
  return ReadFindings(server, "baton.promotion_check");
}

std::vector<HealthRow> ReadSwitchoverCheck(Connection& primary, const std::string& target) {
  return ReadFindings(primary, "baton.switchover_check($1)", {target});
}

std::vector<HealthRow> ReadFollowCheck(Connection& standby, const std::string& node) {
  return ReadFindings(standby, "baton.follow_check($1)", {node});
}

std::optional<HandOverRow> ReadHandOver(Connection& server, const std::string& hand_over) {
  const Result result = server.Query(
      "SELECT outcome, reason, timeline, lsn, steps FROM baton.requests"
      " WHERE hand_over = $1 ORDER BY request_id DESC LIMIT 1",
      {hand_over});
  if (result.rows() == 0) return std::nullopt;
  HandOverRow row;
  row.outcome = result.Text(0, 0);
  row.reason = result.Text(0, 1);
  if (!result.IsNull(0, 2)) row.timeline = static_cast<core::TimelineId>(result.Number(0, 2));
  row.lsn = result.Text(0, 3);
  row.steps = result.Text(0, 4);
  return row;
}

std::vector<ClusterRow> ReadCluster(Connection& server) {
  const Result result = server.Query(
      "SELECT name, reachable, role, state, timeline, lsn, replayed_lsn,"
      " (EXTRACT(epoch FROM replay_lag) * 1000000)::bigint, replay_lag_bytes, upstream,"
      " server_version, (EXTRACT(epoch FROM clock_difference) * 1000000)::bigint,"
      " array_to_string(sees, ','), seen_at,"
      " (EXTRACT(epoch FROM clock_timestamp() - seen_at) * 1000000)::bigint, error,"
      " gate, NULL::text FROM baton.cluster ORDER BY name");
  std::vector<ClusterRow> rows;
  for (int row = 0; row < result.rows(); ++row) rows.push_back(RowFrom(result, row));
  return rows;
}

ClusterRow ReadOwnRow(Connection& server) {
  const Result result = server.Query(
      "SELECT name, true, role, state, timeline,"
      " COALESCE(current_lsn, GREATEST(received_lsn, replayed_lsn)), replayed_lsn,"
      " (EXTRACT(epoch FROM replay_lag) * 1000000)::bigint, replay_lag_bytes, upstream,"
      " server_version, 0::bigint, NULL::text, now(), 0::bigint, NULL::text,"
      " gate, array_to_string(gate_reasons, ',') FROM baton.node_status");
  ClusterRow own = RowFrom(result, 0);
  if (HasView(server, "baton.cluster")) {
    for (ClusterRow& row : ReadCluster(server)) {
      if (row.name == own.name) own.sees = std::move(row.sees);
    }
  }
  return own;
}

std::vector<RegisteredNode> ReadRegistry(Connection& server) {
  const Result result = server.Query("SELECT name, conninfo FROM baton.node ORDER BY name");
  std::vector<RegisteredNode> nodes;
  for (int row = 0; row < result.rows(); ++row) {
    nodes.push_back({result.Text(row, 0), result.Text(row, 1)});
  }
  return nodes;
}

}  // namespace baton::helper
