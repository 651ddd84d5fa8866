#include "test/cluster/scenario.hpp"

#include <fmt/format.h>

namespace baton::test {
namespace {

std::string Of(const Node& node, const std::string& column, const std::string& check) {
  return node.Sql(
      fmt::format("SELECT {} FROM baton.health WHERE check_name = '{}'", column, check));
}

}  // namespace

const std::string Scenario::kQuick =
    "pg_baton.check_interval = 200ms\n"
    "pg_baton.observe_interval = 300ms\n"
    "pg_baton.storage_interval = 300ms\n"
    "pg_baton.health_hold = 300ms\n"
    "pg_baton.peer_timeout = 1s\n"
    "pg_baton.replay_lag_warning = 1\n"
    "pg_baton.replay_lag_critical = 3\n"
    "pg_baton.standby_lag_warning = 1\n"
    "pg_baton.standby_lag_critical = 3\n";

std::string Scenario::Status(const Node& node, const std::string& check) {
  return Of(node, "status", check);
}

std::string Scenario::Message(const Node& node, const std::string& check) {
  return Of(node, "message", check);
}

testing::AssertionResult Scenario::Becomes(const Node& node, const std::string& check,
                                           const std::string& status, const std::string& message) {
  std::string last;
  const bool became = Eventually([&] {
    try {
      last = Of(node, "status || '|' || message", check);
      return last.starts_with(status + "|" + message);
    } catch (const core::Error& error) {
      last = error.message();
      return false;
    }
  });
  if (became) return testing::AssertionSuccess();
  auto failure = testing::AssertionFailure() << check << " on " << node.name() << " is \"" << last
                                             << "\", not \"" << status << "|" << message << "\"";
  try {
    failure << "\n" << node.Rows("SELECT check_name, status, message FROM baton.health");
  } catch (const core::Error& error) {
    failure << "\n" << error.message();
  }
  return failure;
}

testing::AssertionResult Scenario::Returns(const Node& node, const std::string& statement,
                                           const std::string& rows) {
  std::string last;
  const bool returned = Eventually([&] {
    try {
      last = node.Rows(statement);
    } catch (const core::Error& error) {
      last = error.message();
    }
    return last == rows;
  });
  if (returned) return testing::AssertionSuccess();
  return testing::AssertionFailure() << statement << " on " << node.name() << " returns \"" << last
                                     << "\", not \"" << rows << "\"";
}

double Scenario::LagSeconds(const Node& node) {
  const std::string lag = node.Sql("SELECT EXTRACT(epoch FROM replay_lag) FROM baton.node_status");
  EXPECT_NE(lag, "");
  return lag.empty() ? -1 : std::stod(lag);
}

void Scenario::StreamFrom(const Node& standby, int port) {
  const std::string statement = standby.Sql(
      fmt::format("SELECT format('ALTER SYSTEM SET primary_conninfo = %L', "
                  "regexp_replace(current_setting('primary_conninfo'), 'port=\\S+', 'port={}'))",
                  port));
  standby.Sql(statement);
  standby.Sql("SELECT pg_reload_conf()");
}

void Scenario::RegisterAt(const Node& primary, const std::string& name, int port) {
  primary.Sql(fmt::format(
      "SELECT baton.register_node('{}', 'host=127.0.0.1 port={} dbname=postgres')", name, port));
}

void Scenario::FillSegments(const Node& primary, int count) {
  for (int i = 0; i < count; ++i) {
    primary.Sql(fmt::format("CREATE TABLE filler_{} ()", i));
    primary.Sql(fmt::format("DROP TABLE filler_{}", i));
    primary.Sql("SELECT pg_switch_wal()");
  }
}

void Scenario::WaitForReplay(const Node& primary, const Node& standby) {
  const std::string lsn = primary.Sql("SELECT pg_current_wal_lsn()");
  EXPECT_TRUE(Returns(standby, fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn), "t"));
}

}  // namespace baton::test
