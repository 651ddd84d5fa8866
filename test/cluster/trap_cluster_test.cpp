// What the nodes say of each other when a cluster is not as simple as it should be.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sstream>
#include <unistd.h>

#include "helper/system/file.hpp"
#include "test/cluster/proxy.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Processor time that a process has used.
double ProcessorSeconds(int pid) {
  const std::string stat = helper::ReadFileIfThere(fmt::format("/proc/{}/stat", pid)).value_or("");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class TrapCluster : public Scenario {
 protected:
  TrapCluster() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
    EXPECT_TRUE(Becomes(b_, "streaming", "ok"));
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b        a (primary)   b (primary)
//               <--- c                <---- c
TEST_F(TrapCluster, TwoPrimariesAreToldOnEveryNode) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Becomes(a_, "other_primaries", "ok", "no other node answers as primary"));
  ASSERT_TRUE(Becomes(c, "other_primaries", "ok", "at most one node answers as primary"));

  b_.Sql("SELECT pg_promote()");

  EXPECT_TRUE(
      Becomes(a_, "other_primaries", "critical", "this node is not the only primary; also b"));
  EXPECT_TRUE(
      Becomes(b_, "other_primaries", "critical", "this node is not the only primary; also a"));
  EXPECT_TRUE(Becomes(c, "other_primaries", "critical", "more than one node is a primary: a, b"));
  for (const Node* const node : {&a_, &b_, &c}) {
    EXPECT_TRUE(Returns(*node,
                        "SELECT name, role, timeline FROM baton.cluster WHERE role = 'primary'",
                        "a|primary|1\nb|primary|2"))
        << "of " << node->name();
  }

  a_.Stop();
  EXPECT_TRUE(Becomes(b_, "other_primaries", "ok", "no other node answers as primary"));
}

//   a (primary) <--- b           a (down)    b (primary) <--- c
TEST_F(TrapCluster, NothingOfAStandbysTimeStaysAfterItsPromotion) {
  b_.Sql("SELECT pg_wal_replay_pause()");
  a_.Sql("CREATE TABLE t ()");
  ASSERT_TRUE(Becomes(b_, "replay_lag", "critical"));
  a_.Stop("immediate");
  ASSERT_TRUE(Becomes(b_, "streaming", "critical"));
  b_.Sql("SELECT pg_wal_replay_resume()");
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_TRUE(Returns(b_,
                      "SELECT role, state, timeline, received_lsn, replayed_lsn, upstream,"
                      " replay_lag, replay_lag_bytes FROM baton.node_status",
                      "primary|writable|2|||||"));
  EXPECT_TRUE(Returns(b_,
                      "SELECT string_agg(check_name, ', ') FROM baton.health WHERE check_name IN"
                      " ('streaming', 'receive_lag_bytes', 'replay_lag', 'replay_lag_bytes',"
                      " 'replay_paused', 'standby_settings', 'recovery_conflicts', 'timeline',"
                      " 'upstream', 'hot_standby_feedback', 'settings_drift')",
                      ""));
  EXPECT_EQ(b_.Sql("SELECT pg_last_xact_replay_timestamp() IS NOT NULL"), "t")
      << "the usual figure stays";
  EXPECT_THAT(b_.Sql("SELECT baton.metrics()"),
              testing::Not(HasSubstr("pg_baton_replay_lag_seconds{")));

  cluster_.Clone("c", b_);
  EXPECT_TRUE(Returns(b_,
                      "SELECT name, connected, state, replay_lag, replay_lag_bytes, reason"
                      " FROM baton.standbys",
                      "a|f|disconnected|||not connected, and it has no slot here\n"
                      "c|t|streaming|00:00:00|0|"));
}

//   a (primary) <--- b <--- c
TEST_F(TrapCluster, AStandbyOfAStandbyIsSeenWhereItStreamsFrom) {
  Node& c = cluster_.Clone("c", a_);
  b_.Sql("SELECT pg_create_physical_replication_slot('c', true)");
  StreamFrom(c, b_.port());
  ASSERT_TRUE(Returns(a_, "SELECT count(*) FROM pg_stat_replication", "1"));
  a_.Sql("SELECT pg_drop_replication_slot('c')");

  EXPECT_TRUE(
      Returns(c, "SELECT role, state, upstream FROM baton.node_status", "standby|streaming|b"));
  EXPECT_TRUE(Becomes(c, "streaming", "ok", "streaming from b"));
  EXPECT_TRUE(Becomes(c, "upstream", "ok", "b answers"));
  EXPECT_TRUE(Becomes(c, "timeline", "ok", "on timeline 1, as its upstream"));
  EXPECT_TRUE(Returns(b_,
                      "SELECT name, registered, connected, state, replay_lag_bytes, slot_name"
                      " FROM baton.standbys",
                      "c|t|t|streaming|0|c"));
  EXPECT_TRUE(Returns(b_, "SELECT slot_name, active FROM baton.slots", "c|t"));
  for (const Node* const node : {&a_, &b_, &c}) {
    EXPECT_TRUE(Returns(*node, "SELECT name, role, state, upstream FROM baton.cluster",
                        "a|primary|writable|\nb|standby|streaming|a\nc|standby|streaming|b"))
        << "of " << node->name();
  }
  EXPECT_TRUE(Becomes(a_, "standbys", "ok", "every registered standby streams"));

  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, c);
  b_.Stop();
  EXPECT_TRUE(Becomes(c, "streaming", "critical", "no WAL comes in from b"));
  EXPECT_TRUE(Becomes(c, "upstream", "critical", "b does not answer: "));
  EXPECT_TRUE(Becomes(a_, "standbys", "critical", "not streaming: b"));
}

//   a (primary) <--- b, and a hundred that are not what is registered
TEST_F(TrapCluster, AHundredNodesThatDoNotAnswerDelayNobody) {
  Proxy hole(a_.port());
  hole.Swallow();
  a_.Sql("ALTER SYSTEM SET pg_baton.observe_interval = '1s'");
  a_.Sql("SELECT pg_reload_conf()");
  for (int i = 0; i < 100; ++i) {
    // Half of them take a connection and say nothing; a quarter is not there, a quarter is a.
    const int port = i % 2 == 0 ? hole.port() : i % 4 == 1 ? 1 : a_.port();
    RegisterAt(a_, fmt::format("n{:02}", i), port);
  }
  ASSERT_TRUE(Returns(a_,
                      "SELECT count(*) FROM baton.cluster WHERE NOT reachable AND seen_at IS NULL"
                      " AND error <> ''",
                      "100"));
  const int observer = a_.AwaitProcess("pg_baton observer");
  const double before = ProcessorSeconds(observer);

  const auto begin = std::chrono::steady_clock::now();
  double oldest = 0;
  ASSERT_TRUE(Eventually([&] {
    const std::string age = a_.Sql(
        "SELECT CASE WHEN reachable THEN EXTRACT(epoch FROM clock_timestamp() - seen_at) END"
        " FROM baton.cluster WHERE name = 'b'");
    oldest = std::max(oldest, age.empty() ? 1e9 : std::stod(age));
    return std::chrono::steady_clock::now() - begin > 15s;
  }));

  EXPECT_LT(oldest, 3.0) << "three times pg_baton.observe_interval";
  EXPECT_LT(ProcessorSeconds(observer) - before, 3.0) << "of 15 s";
  EXPECT_EQ(a_.Sql("SELECT error FROM baton.cluster WHERE name = 'n00'"), "no answer within 1.0 s");
  EXPECT_THAT(a_.Sql("SELECT error FROM baton.cluster WHERE name = 'n01'"),
              HasSubstr("Connection refused"));
  EXPECT_EQ(a_.Sql("SELECT error FROM baton.cluster WHERE name = 'n03'"),
            "the server at this address is node \"a\"");
  EXPECT_TRUE(Becomes(a_, "peers", "warning", "no answer from n00 (no answer within 1.0 s), n01 "));
  EXPECT_EQ(a_.Sql("SELECT value FROM baton.health WHERE check_name = 'peers'"), "1 of 101");
  EXPECT_TRUE(Becomes(a_, "observer", "ok"));
  EXPECT_TRUE(Becomes(a_, "monitor", "ok"));
}

}  // namespace
}  // namespace baton::test
