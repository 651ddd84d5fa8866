// Replay that stands still for a reason, and text that is sorted otherwise than it was.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

class TrapReplay : public Scenario {
 protected:
  TrapReplay() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(b_, "replay_paused", "ok", "replay is running"));
    EXPECT_TRUE(Becomes(b_, "standby_settings", "ok"));
  }

  // A new monitor reads at once what is looked at once a minute.
  void RestartMonitor(const Node& node) {
    const int before = node.WorkerPid();
    SendSignal(before, SIGTERM);
    EXPECT_TRUE(Eventually([&] {
      const int now = node.WorkerPid();
      return now != 0 && now != before;
    }));
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b (its startup process does not get round to the pause)
TEST_F(TrapReplay, APauseThatIsOnlyRequestedIsNotCalledAPause) {
  const int startup = b_.WorkerPid("startup");
  SendSignal(startup, SIGSTOP);
  b_.Sql("SELECT pg_wal_replay_pause()");

  const auto requested = Becomes(b_, "replay_paused", "warning", "a pause of replay was requested");
  const std::string naive = b_.Sql("SELECT pg_is_wal_replay_paused()");
  const std::string state = b_.Sql("SELECT state FROM baton.node_status");
  SendSignal(startup, SIGCONT);

  EXPECT_TRUE(requested);
  EXPECT_EQ(naive, "t") << "the usual figure lies here";
  EXPECT_EQ(state, "streaming");
  EXPECT_TRUE(Becomes(b_, "replay_paused", "warning", "replay is paused"));
  EXPECT_EQ(b_.Sql("SELECT state FROM baton.node_status"), "paused");
  b_.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(Becomes(b_, "replay_paused", "ok", "replay is running"));
}

//   a (primary, with more connections) <--- b (paused by itself)
TEST_F(TrapReplay, APauseBecauseOfALowerSettingSaysWhichSetting) {
  a_.Configure("max_connections = 150");
  a_.Restart();

  EXPECT_TRUE(Becomes(b_, "standby_settings", "critical",
                      "lower than on the primary: max_connections 100 < 150"));
  EXPECT_TRUE(Becomes(b_, "replay_paused", "warning", "replay is paused"));
  EXPECT_EQ(b_.Sql("SELECT hint FROM baton.health WHERE check_name = 'replay_paused'"),
            "Replay paused because settings are lower than the primary's; see check "
            "standby_settings.");
  a_.Sql("CREATE TABLE t ()");
  EXPECT_TRUE(Becomes(b_, "replay_lag", "critical"));

  b_.Configure("max_connections = 150");
  b_.Restart();
  EXPECT_TRUE(Becomes(b_, "standby_settings", "ok", "no setting is lower than the primary's"));
  EXPECT_TRUE(Becomes(b_, "replay_paused", "ok"));
  EXPECT_TRUE(Becomes(b_, "replay_lag", "ok"));
}

// Another version of the system's libraries is simulated: the recorded one is changed instead.
TEST_F(TrapReplay, TextSortedOtherwiseThanItsIndexesIsCriticalOnEveryNode) {
  ASSERT_TRUE(Becomes(a_, "collation_version", "ok"));
  a_.Sql(
      "CREATE DATABASE app TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu"
      " ICU_LOCALE 'en'");
  const std::string here = a_.Sql(
      "SELECT pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = 'app'");
  a_.Sql("UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'app'");
  WaitForReplay(a_, b_);

  for (Node* const node : {&a_, &b_}) {
    RestartMonitor(*node);
    EXPECT_TRUE(Becomes(*node, "collation_version", "critical",
                        fmt::format("this system sorts otherwise than when the indexes were built: "
                                    "database \"app\" 1.0, here {}",
                                    here)));
  }

  a_.Sql("ALTER DATABASE app REFRESH COLLATION VERSION");
  WaitForReplay(a_, b_);
  for (Node* const node : {&a_, &b_}) {
    RestartMonitor(*node);
    EXPECT_TRUE(Becomes(*node, "collation_version", "ok"));
  }
}

}  // namespace
}  // namespace baton::test
