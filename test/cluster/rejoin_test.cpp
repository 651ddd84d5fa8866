// The old primary comes back as a standby of the new one.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helper/backup/control_data.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class Rejoin : public testing::Test {
 protected:
  Rejoin() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {
    a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
    WaitForReplay();
  }

  void WaitForReplay() {
    const std::string lsn = a_.Sql("SELECT pg_current_wal_lsn()");
    ASSERT_TRUE(Eventually([&] {
      return b_.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn)) == "t";
    }));
  }

  // The old primary writes what the new one never gets.
  void Diverge() {
    b_.Sql("SELECT pg_wal_replay_resume()");
    ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
    // The gate is closed here by now.
    helper::Connection session = a_.Connect();
    session.Query("SET pg_baton.bypass_gate = on");
    session.Query("INSERT INTO t SELECT generate_series(5000, 5999)");
    b_.Sql("INSERT INTO t SELECT generate_series(2000, 2009)");
  }

  void ExpectFollows() {
    EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
    EXPECT_TRUE(Eventually(
        [&] { return a_.Sql("SELECT count(*) FROM t") == b_.Sql("SELECT count(*) FROM t"); }));
    b_.Sql("INSERT INTO t VALUES (9999)");
    EXPECT_TRUE(Eventually([&] { return a_.Sql("SELECT count(*) FROM t WHERE n = 9999") == "1"; }));
    EXPECT_EQ(b_.Rows("SELECT name, state FROM baton.standbys"), "a|streaming");
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

//   a (primary) <--- b          a (killed)   b (primary)          a ---> b (primary)
TEST_F(Rejoin, BringsAKilledPrimaryBackWithoutWhatOnlyItHad) {
  Diverge();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "0");
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "1010");
  ExpectFollows();
}

TEST_F(Rejoin, KeepsThisServersOwnSettingsAndFiles) {
  a_.Sql("ALTER SYSTEM SET work_mem = '7MB'");
  std::ofstream(a_.data() / "server.key") << "mine";
  fs::create_directory(a_.data() / "conf.d");
  std::ofstream(a_.data() / "conf.d" / "own.conf") << "maintenance_work_mem = 99MB\n";
  a_.Configure("include_dir = 'conf.d'");
  std::ofstream(b_.data() / "only_on_b.conf") << "b";
  const std::string hba = helper::ReadFile(a_.data() / "pg_hba.conf");
  std::ofstream(b_.data() / "pg_hba.conf", std::ios::app) << "# of b\n";
  Diverge();
  a_.Stop();

  // A slash at the end of the path names the same directory.
  const HelperResult result = cluster_.RunRejoin(a_, b_, {"-D", a_.data().string() + "/"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a_.Sql("SHOW maintenance_work_mem"), "99MB");
  EXPECT_EQ(a_.Sql("SHOW port"), std::to_string(a_.port()));
  EXPECT_EQ(a_.Sql("SHOW work_mem"), "7MB");
  EXPECT_EQ(a_.Sql("SHOW pg_baton.node_name"), "a");
  EXPECT_EQ(a_.Sql("SHOW primary_slot_name"), "a");
  EXPECT_EQ(helper::ReadFile(a_.data() / "server.key"), "mine");
  EXPECT_EQ(helper::ReadFile(a_.data() / "pg_hba.conf"), hba);
  EXPECT_FALSE(fs::exists(a_.data() / "only_on_b.conf"));
  EXPECT_FALSE(fs::exists(a_.data().string() + ".pg_baton_own_files"));
  ExpectFollows();
}

// pg_rewind compares the timelines of the two control files, and up to version 15 the source's has
// the old one until its first checkpoint after the promotion: "no rewind required", and the node
// never streams.
TEST_F(Rejoin, RightAfterAPromotionIsNotFooledAsPgRewindIs) {
  // The checkpoint after a promotion is spread; many dirty pages and an hour's time make it last.
  b_.Sql("ALTER SYSTEM SET checkpoint_completion_target = 0.9");
  b_.Sql("ALTER SYSTEM SET checkpoint_timeout = '1h'");
  b_.Sql("SELECT pg_reload_conf()");
  a_.Sql("CREATE TABLE wide AS SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g");
  WaitForReplay();
  // Its monitor would ask for a checkpoint at once.
  const int monitor = b_.WorkerPid();
  SendSignal(monitor, SIGSTOP);
  b_.Sql("SELECT pg_promote()");
  a_.Sql("INSERT INTO t VALUES (1)");
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT timeline_id FROM pg_control_checkpoint()"), "1")
      << "the trap is not set";
  helper::ProcessOptions process;
  process.environment["PGPASSFILE"] = cluster_.passfile().string();
  const helper::ProcessResult by_hand = helper::RunProcess(
      {Cluster::Program("pg_rewind"), "--dry-run", "--target-pgdata=" + a_.data().string(),
       fmt::format("--source-server=host=127.0.0.1 port={} user=baton_node dbname=postgres",
                   b_.port())},
      process);
  if (b_.Connect().major() < 16) {
    EXPECT_THAT(by_hand.output, HasSubstr("no rewind required"));
  }
  SendSignal(monitor, SIGCONT);

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  ExpectFollows();
}

TEST_F(Rejoin, BringsAPrimaryBackThatWasStoppedCleanlyAndHadNothingOfItsOwn) {
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM pg_replication_slots"), "0") << "of its time as a primary";
  ExpectFollows();
}

TEST_F(Rejoin, GoesThereAndBackAgain) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_EQ(cluster_.RunRejoin(a_, b_).exit_code, 0);

  b_.Kill();
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT outcome FROM baton.promote()") == "promoted"; }));
  const HelperResult back = cluster_.RunRejoin(b_, a_);

  EXPECT_EQ(back.exit_code, 0) << back.output;
  EXPECT_EQ(a_.Rows("SELECT timeline, role FROM baton.node_status"), "3|primary");
  EXPECT_EQ(a_.Rows("SELECT name, state FROM baton.standbys"), "b|streaming");
}

// Two standbys promoted at once choose the same timeline, and pg_rewind finds nothing to do between
// them.
TEST_F(Rejoin, RefusesAServerThatWasAPrimaryOnTheSameTimeline) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_EQ(c.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  c.Sql("INSERT INTO t VALUES (1)");
  c.Kill();

  const HelperResult result = cluster_.RunRejoin(c, b_);

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("is on the same timeline as the source"));
}

// A restore leaves its targets in the configuration; a primary ignores them, a standby would stop
// at them or promote itself.
TEST_F(Rejoin, LeftoverRecoveryTargetsDoNotComeToLife) {
  a_.Sql("ALTER SYSTEM SET recovery_target_time = '2001-01-01'");
  a_.Sql("ALTER SYSTEM SET recovery_target_action = 'promote'");
  a_.Restart();
  Diverge();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a_.Sql("SHOW recovery_target_time"), "");
  ExpectFollows();
}

TEST_F(Rejoin, ADryRunChangesNothing) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  const auto control = helper::ReadFile(a_.data() / "global" / "pg_control");

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("dry run: every check passed, nothing was changed"));
  EXPECT_EQ(helper::ReadFile(a_.data() / "global" / "pg_control"), control);
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(Rejoin, RefusesWhatCannotBeRewound) {
  const HelperResult running = cluster_.RunRejoin(a_, b_);
  const HelperResult standby = [&] {
    b_.Stop();
    const HelperResult result = cluster_.RunRejoin(b_, a_);
    b_.Start();
    return result;
  }();
  Node& nothing = cluster_.Plan("nothing");
  const HelperResult missing = cluster_.RunRejoin(nothing, b_, {"--node-name=nothing"});
  a_.Stop();
  const HelperResult from_standby = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(running.exit_code, 3);
  EXPECT_THAT(
      running.output,
      HasSubstr(fmt::format("pg_baton: error: a server is running in \"{}\"\n"
                            "pg_baton: detail: A directory can be rewound only while no server "
                            "uses it.\n"
                            "pg_baton: hint: Stop the server first",
                            a_.data().string())));
  EXPECT_EQ(standby.exit_code, 3);
  EXPECT_THAT(standby.output, HasSubstr("was a standby, not a primary"));
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.output, HasSubstr("is not a data directory"));
  EXPECT_EQ(from_standby.exit_code, 3);
  EXPECT_THAT(from_standby.output, HasSubstr("pg_baton: error: the source is a standby\n"));
}

TEST_F(Rejoin, RefusesAServerOfAnotherCluster) {
  Node& other = cluster_.InitPlain("other");
  ASSERT_EQ(cluster_.SetupPrimary(other, {"--restart"}).exit_code, 0);
  a_.Stop();

  const HelperResult result = cluster_.RunRejoin(a_, other);

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: the servers are not of the same cluster\n"));
}

// pg_rewind's own checks come before anything is touched.
TEST_F(Rejoin, ARewindThatCannotBeginLeavesTheDirectoryAsItWas) {
  Diverge();
  a_.Kill();
  b_.Sql("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) FROM baton_node");

  const HelperResult result = cluster_.RunRejoin(a_, b_);
  b_.Sql("GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) TO baton_node");
  const HelperResult again = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: pg_rewind failed\n"));
  EXPECT_THAT(result.output, HasSubstr("permission denied for function pg_read_binary_file"));
  EXPECT_THAT(result.output, HasSubstr("Nothing was changed yet"));
  EXPECT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
}

// A file that cannot be written is met only when files are being replaced.
TEST_F(Rejoin, ARewindThatFailsHalfWayLeavesADirectoryThatNoServerStartsFrom) {
  Diverge();
  std::ofstream(b_.data() / "base" / "note") << "of b";
  std::ofstream(a_.data() / "base" / "note") << "of a";
  chmod((a_.data() / "base" / "note").c_str(), 0400);
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);
  const helper::ProcessResult start =
      helper::RunProcess({Cluster::Program("postgres"), "-D", a_.data()});
  const HelperResult again = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: pg_rewind failed\n"));
  EXPECT_THAT(result.output, HasSubstr("cannot be started"));
  EXPECT_NE(start.exit_code, 0);
  EXPECT_THAT(start.output, HasSubstr("has invalid permissions"));
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.output, HasSubstr("was left half-way"));
}

}  // namespace
}  // namespace baton::test
