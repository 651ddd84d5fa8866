// The old primary comes back as a standby of the new one.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helper/backup/control_data.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/rejoin_scenario.hpp"

namespace baton::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class Rejoin : public RejoinScenario {};

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

// Started by somebody else, nothing looks whether it streams, so its journal stays.
//   a (killed)    b (primary)    a ---> b    a (primary) <--- b    a (killed)    b (primary)    a
//   ---> b
TEST_F(Rejoin, AJournalOfAnEarlierReturnIsNotGoneOnWith) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_EQ(cluster_.RunRejoin(a_, b_, {"--no-start"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(Beside(".pg_baton_rejoin")));
  a_.Start();
  b_.Kill();
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT outcome FROM baton.promote()") == "promoted"; }));
  ASSERT_EQ(cluster_.RunRejoin(b_, a_).exit_code, 0);
  Diverge();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "0");
  ExpectFollows();
}

//   a (another copy of the cluster in its place, killed)    b (primary)          a ---> b
TEST_F(Rejoin, AJournalOfAnotherDirectoryIsNotGoneOnWith) {
  Diverge();
  a_.Kill();
  fs::copy(a_.data(), Beside(".copy"),
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  ASSERT_TRUE(BreakOff("rewound"));
  fs::permissions(a_.data(), fs::perms::owner_all);
  fs::remove_all(a_.data());
  fs::rename(Beside(".copy"), a_.data());
  fs::permissions(a_.data(), fs::perms::owner_all);

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, Not(HasSubstr("it goes on from there")));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "0");
  ExpectFollows();
}

// Two standbys promoted at once choose the same timeline, and pg_rewind finds nothing to do between
// them.
//   b (primary, 2)    c (primary, 2, killed)          b <--- c, by a new copy
TEST_F(Rejoin, CopiesAServerThatWasAPrimaryOnTheSameTimeline) {
  Node& c = cluster_.Clone("c", a_);
  c.Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
  c.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Eventually([&] { return c.Sql("SHOW pg_baton.follow_primary") == "off"; }));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_EQ(c.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  c.Sql("INSERT INTO t VALUES (1)");
  c.Kill();

  const HelperResult refused = cluster_.RunRejoin(c, b_, {"--method=rewind"});
  const HelperResult copied = cluster_.RunRejoin(c, b_);

  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, AnyOf(HasSubstr("is on the same timeline as the source"),
                                    HasSubstr("is not the source's timeline")));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  EXPECT_EQ(c.Sql("SELECT count(*) FROM t"), "1000");
  EXPECT_EQ(c.Sql("SHOW port"), std::to_string(c.port()));
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
  // The one or the other, as b had got all of a's last WAL or not.
  EXPECT_THAT(result.output, AnyOf(HasSubstr("to be streamed: "), HasSubstr("to be copied: ")));
  EXPECT_THAT(result.output, HasSubstr("dry run: every check passed, nothing was changed"));
  EXPECT_EQ(helper::ReadFile(a_.data() / "global" / "pg_control"), control);
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(Rejoin, RefusesWhatCannotBeRewound) {
  const HelperResult running = cluster_.RunRejoin(a_, b_);
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
  const std::string auto_conf = helper::ReadFile(a_.data() / "postgresql.auto.conf");

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});
  const std::string afterwards = helper::ReadFile(a_.data() / "postgresql.auto.conf");
  const bool folder = fs::exists(Beside(".pg_baton_rejoin"));
  b_.Sql("GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) TO baton_node");
  const HelperResult again = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: pg_rewind failed\n"));
  EXPECT_THAT(result.output, HasSubstr("permission denied for function pg_read_binary_file"));
  EXPECT_EQ(afterwards, auto_conf);
  EXPECT_FALSE(folder);
  EXPECT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
}

TEST_F(Rejoin, ACopyIsMadeWhereARewindIsImpossible) {
  Diverge();
  a_.Kill();
  b_.Sql("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) FROM baton_node");

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("A new copy is made instead."));
  ExpectFollows();
}

// pg_rewind opens every file for writing, and ends half-way at one that it cannot open.
TEST_F(Rejoin, ReadOnlyFilesSocketsAndStrangeFilesDoNotStopIt) {
  std::ofstream(b_.data() / "server.key") << "of b";
  chmod((b_.data() / "server.key").c_str(), 0400);
  std::ofstream(b_.data() / "base" / "note") << "of b";
  std::ofstream(a_.data() / "base" / "note") << "of a";
  chmod((a_.data() / "base" / "note").c_str(), 0400);
  std::ofstream(a_.data() / "server.key") << "mine";
  chmod((a_.data() / "server.key").c_str(), 0400);
  mkfifo((a_.data() / "pipe").c_str(), 0600);
  mkfifo((a_.data() / "global" / "pipe").c_str(), 0600);
  std::ofstream(a_.data() / "global" / "notes.txt") << "mine";
  Diverge();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(helper::ReadFile(a_.data() / "server.key"), "mine");
  EXPECT_TRUE(fs::is_fifo(a_.data() / "pipe"));
  EXPECT_FALSE(fs::exists(a_.data() / "global" / "notes.txt"));
  EXPECT_EQ(helper::ReadFile(LostWork() / "strange_files" / "global" / "notes.txt"), "mine");
  ExpectFollows();
}

//   a <--- b, c (stopped)    b (primary)    c ---> b, without a rewind
TEST_F(Rejoin, AStandbyThatWasStoppedFollows) {
  Node& c = cluster_.Clone("c", a_);
  c.Stop();
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  const HelperResult result = cluster_.RunRejoin(c, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("nothing to rewind"));
  EXPECT_EQ(b_.Rows("SELECT name, state FROM baton.standbys WHERE name = 'c'"), "c|streaming");
}

//   a (demoted, waits)    b (primary)          a ---> b
TEST_F(Rejoin, APrimaryThatWasDemotedFollows) {
  b_.Stop();
  try {
    ASSERT_EQ(a_.Sql("SELECT outcome FROM baton.demote(wait => false)"), "requested");
  } catch (const std::exception& error) {
    // The demotion ends this session too, sometimes before it has its answer.
    ASSERT_THAT(error.what(), testing::HasSubstr("due to administrator command"));
  }
  ASSERT_TRUE(Eventually([&] {
    try {
      return a_.Sql("SELECT pg_is_in_recovery()") == "t";
    } catch (const std::exception&) {
      return false;
    }
  }));
  a_.Stop();
  b_.Start();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectFollows();
}

TEST_F(Rejoin, ACrashedPrimaryWithNothingOfItsOwnFollowsWithoutARewind) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectFollows();
}

}  // namespace
}  // namespace baton::test
