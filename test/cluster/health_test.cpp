// baton.health and its neighbours in situations where other views lie.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::StartsWith;

class Health : public testing::Test {
 protected:
  Health() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {}

  std::string Status(const Node& node, const std::string& check) {
    return node.Sql(fmt::format("SELECT status FROM baton.health WHERE check_name = '{}'", check));
  }
  bool Becomes(const Node& node, const std::string& check, const std::string& status) {
    return Eventually([&] { return Status(node, check) == status; });
  }
  // Negative while nothing was heard yet.
  double LagSeconds(const Node& node) {
    return std::stod(
        node.Sql("SELECT COALESCE(EXTRACT(epoch FROM replay_lag), -1) FROM baton.node_status"));
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

TEST_F(Health, AllIsWellBetweenAPrimaryAndItsStandby) {
  EXPECT_TRUE(Eventually([&] {
    return a_.Sql("SELECT count(*) FROM baton.health WHERE status <> 'ok'") == "0" &&
           b_.Sql("SELECT count(*) FROM baton.health WHERE status <> 'ok'") == "0";
  })) << a_.Rows("SELECT check_name, status, message FROM baton.health")
      << b_.Rows("SELECT check_name, status, message FROM baton.health");
}

// now() - pg_last_xact_replay_timestamp() grows without bound here.
TEST_F(Health, LagIsZeroOnAnIdlePrimary) {
  const std::string since = b_.Sql("SELECT now()");
  ASSERT_TRUE(
      Eventually([&] { return b_.Sql(fmt::format("SELECT now() - '{}' > '3 s'", since)) == "t"; }));

  EXPECT_EQ(LagSeconds(b_), 0.0);
  EXPECT_EQ(b_.Sql("SELECT replay_lag_bytes FROM baton.node_status"), "0");
  EXPECT_EQ(a_.Rows("SELECT replay_lag = '0', replay_lag_bytes FROM baton.standbys"), "t|0");
}

TEST_F(Health, LagGrowsWhileReplayIsPaused) {
  b_.Sql("SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(
      Eventually([&] { return b_.Sql("SELECT state FROM baton.node_status") == "paused"; }));
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");

  EXPECT_TRUE(Eventually([&] { return LagSeconds(b_) > 2.0; }));
  EXPECT_TRUE(Eventually([&] {
    return a_.Sql("SELECT replay_lag > '2 s' AND replay_lag_bytes > 0 FROM baton.standbys") == "t";
  }));
  EXPECT_TRUE(Becomes(b_, "replay_paused", "warning"));

  b_.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(Eventually([&] { return LagSeconds(b_) == 0.0; }));
}

// "0 if received = replayed" says zero here for ever.
TEST_F(Health, LagGrowsWhenThePrimaryIsGoneAlthoughAllThatCameIsReplayed) {
  ASSERT_TRUE(Eventually([&] { return LagSeconds(b_) == 0.0; }));

  a_.Kill();

  EXPECT_TRUE(Becomes(b_, "streaming", "critical"));
  EXPECT_TRUE(Eventually([&] { return LagSeconds(b_) > 1.5; }));
  EXPECT_EQ(b_.Sql("SELECT state FROM baton.node_status"), "not receiving");
}

// The next receiver overwrites the time of the last message before it even connects.
TEST_F(Health, LagIsKnownWhenThePrimaryWasHeardBetweenTwoLooksOnly) {
  b_.Stop();
  fs::remove(b_.data() / "pg_baton/lag");
  a_.Stop();
  b_.Start();
  ASSERT_TRUE(Eventually([&] { return LagSeconds(b_) == -1; }));
  const int monitor = b_.WorkerPid();
  SendSignal(monitor, SIGSTOP);
  a_.Start();
  EXPECT_TRUE(Eventually([&] { return LagSeconds(b_) == 0.0; }));
  a_.Kill();
  EXPECT_TRUE(Eventually([&] {
    return b_.Log().find("could not connect", b_.Log().rfind("started streaming")) !=
           std::string::npos;
  }));
  SendSignal(monitor, SIGCONT);

  EXPECT_TRUE(Eventually([&] { return LagSeconds(b_) > 1.5; }));
}

TEST_F(Health, LagIsKnownRightAfterARestartWithoutAPrimary) {
  // The monitor writes down what it heard within ten seconds.
  ASSERT_TRUE(Eventually([&] { return fs::exists(b_.data() / "pg_baton/lag"); }));
  a_.Kill();
  b_.Restart();

  EXPECT_TRUE(Eventually(
      [&] { return b_.Sql("SELECT replay_lag IS NOT NULL FROM baton.node_status") == "t"; }));
  EXPECT_THAT(b_.Sql("SELECT message FROM baton.health WHERE check_name = 'streaming'"),
              StartsWith("no WAL comes in"));
}

TEST_F(Health, ARegisteredStandbyThatIsGoneKeepsItsRow) {
  b_.Stop();

  EXPECT_TRUE(Eventually([&] {
    return a_.Rows("SELECT name, registered, connected, state, reason FROM baton.standbys") ==
           "b|t|f|disconnected|not connected";
  }));
  EXPECT_TRUE(Becomes(a_, "standbys", "critical"));
  EXPECT_EQ(a_.Sql("SELECT message FROM baton.health WHERE check_name = 'standbys'"),
            "not streaming: b");
  EXPECT_EQ(a_.Sql("SELECT value FROM baton.health WHERE check_name = 'standbys'"), "0 of 1");
}

TEST_F(Health, AnArchiverThatFailsIsSeen) {
  a_.Sql("ALTER SYSTEM SET archive_mode = on");
  a_.Sql("ALTER SYSTEM SET archive_command = 'false'");
  a_.Restart();
  a_.Sql("SELECT pg_switch_wal()");

  EXPECT_TRUE(Becomes(a_, "archiver", "warning"));
  EXPECT_THAT(a_.Sql("SELECT message FROM baton.health WHERE check_name = 'archiver'"),
              StartsWith("archiving \""));
}

TEST_F(Health, ALostSlotIsCritical) {
  b_.Stop();
  a_.Sql("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
  a_.Sql("ALTER SYSTEM SET wal_keep_size = 0");
  a_.Sql("ALTER SYSTEM SET max_wal_size = '32MB'");
  a_.Sql("SELECT pg_reload_conf()");
  a_.Sql("CREATE TABLE t (n int)");
  for (int i = 0; i < 6; ++i) {
    a_.Sql("INSERT INTO t VALUES (1)");
    a_.Sql("SELECT pg_switch_wal()");
  }
  a_.Sql("CHECKPOINT");

  EXPECT_TRUE(Becomes(a_, "slots", "critical"));
  EXPECT_EQ(a_.Sql("SELECT message FROM baton.health WHERE check_name = 'slots'"),
            "slot \"b\" has lost WAL that its standby needs: it was further behind than "
            "max_slot_wal_keep_size allows");
}

TEST_F(Health, ReplicationIsProvenEndToEnd) {
  const std::string seen =
      a_.Rows("SELECT name, verified, elapsed_ms > 0, reason FROM baton.verify_replication()");
  b_.Sql("SELECT pg_wal_replay_pause()");
  const std::string paused =
      a_.Rows("SELECT name, verified, reason FROM baton.verify_replication('1 s')");
  b_.Sql("SELECT pg_wal_replay_resume()");
  b_.Stop();
  const std::string stopped =
      a_.Rows("SELECT name, verified, reason FROM baton.verify_replication('1 s')");

  EXPECT_EQ(seen, "b|t|t|");
  EXPECT_EQ(paused, "b|f|the row was not readable within 1.0 s");
  EXPECT_THAT(stopped, StartsWith("b|f|connection to server at \"127.0.0.1\""));
}

// What was replicated before counts for nothing: the proof asks for a row of its own.
TEST_F(Health, AProofIsNotFooledByTheRowOfAnEarlierOne) {
  ASSERT_EQ(a_.Rows("SELECT name, verified FROM baton.verify_replication()"), "b|t");
  b_.Sql("SELECT pg_wal_replay_pause()");
  a_.Restart();

  EXPECT_EQ(a_.Rows("SELECT name, verified FROM baton.verify_replication('1 s')"), "b|f");
}

TEST_F(Health, AMissingSynchronousStandbyDoesNotHoldUpTheProof) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  a_.Sql("SELECT pg_reload_conf()");

  EXPECT_EQ(a_.Rows("SELECT name, verified FROM baton.verify_replication('5 s')"), "b|t");
}

TEST_F(Health, StatusShowsTheClusterFromAnyNode) {
  const HelperResult by_b =
      cluster_.Helper({"status", "-h", "127.0.0.1", "-p", std::to_string(b_.port()),
                       "--passfile=" + cluster_.passfile().string()});
  a_.Stop();
  const HelperResult without_a =
      cluster_.Helper({"status", "-h", "127.0.0.1", "-p", std::to_string(b_.port()),
                       "--passfile=" + cluster_.passfile().string()});

  EXPECT_EQ(by_b.exit_code, 0) << by_b.output;
  EXPECT_THAT(by_b.output,
              testing::ContainsRegex(" a +\\| 127.0.0.1:[0-9]+ \\| primary \\| writable"));
  EXPECT_THAT(by_b.output,
              testing::ContainsRegex(" b +\\| 127.0.0.1:[0-9]+ \\| standby \\| streaming"));
  EXPECT_THAT(without_a.output, StartsWith("critical: no node answers as primary\n"));
  EXPECT_THAT(without_a.output,
              testing::ContainsRegex(" a +\\| 127.0.0.1:[0-9]+ \\| unknown +\\| unreachable"));
}

}  // namespace
}  // namespace baton::test
