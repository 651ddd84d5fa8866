// Switchover and demotion in place, judged by a client that writes all the time.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include "test/cluster/hand_over_scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Switchover : public HandOverScenario {
 protected:
  static std::string Slots(const Node& node) {
    return node.Sql(
        "SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM "
        "pg_replication_slots");
  }
};

//   a (primary) <--- b          a ---> b (primary)          a (primary) <--- b
TEST_F(Switchover, SwapsRolesAndLosesNothingThereAndBack) {
  const int postmaster = a_.Postmaster();
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_TRUE(SwitchOver(a_, b_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  EXPECT_EQ(a_.Postmaster(), postmaster) << "no server is restarted";
  EXPECT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "done"));
  EXPECT_THAT(LastRequest(a_),
              MatchesRegex("switchover.done..prepare [0-9]+ ms, offer [0-9]+ ms, close [0-9]+ ms, "
                           "end [0-9]+ ms, flush [0-9]+ ms, signal [0-9]+ ms, demote [0-9]+ ms, "
                           "grant [0-9]+ ms, promote [0-9]+ ms, follow [0-9]+ ms"));
  EXPECT_THAT(LastRequest(b_), StartsWith("switchover|done||promote "));
  EXPECT_EQ(a_.Sql("SELECT hand_over FROM baton.requests"),
            b_.Sql("SELECT hand_over FROM baton.requests"));
  EXPECT_TRUE(Returns(a_, "SELECT message FROM baton.events WHERE kind = 'hand-over'",
                      "switchover to b: done"));
  EXPECT_TRUE(Returns(b_, "SELECT message FROM baton.events WHERE kind = 'hand-over'",
                      "switchover from a: done"));
  EXPECT_TRUE(Becomes(b_, "standbys", "ok"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  ASSERT_TRUE(SwitchOver(b_, a_));
  ASSERT_TRUE(WritesGoOnAt(a_));
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

// Twenty in a row under load leave nothing behind.
TEST_F(Switchover, IsTheSameAfterTwenty) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(SwitchOver(a_, b_)) << round;
    ASSERT_TRUE(WritesGoOnAt(b_)) << round;
    ASSERT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "done"));
    ASSERT_TRUE(SwitchOver(b_, a_)) << round;
    ASSERT_TRUE(WritesGoOnAt(a_)) << round;
    ASSERT_TRUE(Returns(b_, "SELECT outcome FROM baton.requests LIMIT 1", "done"));
  }
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
  EXPECT_EQ(Slots(a_), "b");
  EXPECT_TRUE(Returns(b_, "SELECT count(*) FROM pg_replication_slots", "0"));
  EXPECT_EQ(a_.Sql("SELECT timeline FROM baton.node_status"), "21");
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM baton.reign"), "21");
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' AND "
                   "name IN ('restore_command', 'recovery_init_sync_method', "
                   "'remove_temp_files_after_crash')"),
            "0");
}

// The file of settings is read and written again whole.
TEST_F(Switchover, WhatAlterSystemHasSetStays) {
  const std::string odd = R"(it's "odd" \ %% \')";
  a_.Sql(fmt::format("ALTER SYSTEM SET archive_cleanup_command = $${}$$", odd));
  a_.Sql("ALTER SYSTEM SET restore_command = 'false # it''s'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SHOW restore_command", "false # it's"));
  ASSERT_TRUE(SwitchOver(a_, b_));
  EXPECT_TRUE(Returns(a_, "SHOW restore_command", "false # it's"));
  EXPECT_EQ(a_.Sql("SHOW archive_cleanup_command"), odd);
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL"), "0");
}

TEST_F(Switchover, AskedOnTheTargetReturnsItsOutcome) {
  EXPECT_EQ(b_.Rows("SELECT outcome, reason, timeline FROM baton.switchover('b')"), "done||2");
  EXPECT_TRUE(HaveRoles(b_, a_));
}

TEST_F(Switchover, AskedOnTheOldPrimaryEndsTheAskersSession) {
  EXPECT_THAT(a_.SqlError("SELECT * FROM baton.switchover('b')"),
              HasSubstr("terminating connection due to administrator command"));
  EXPECT_TRUE(HaveRoles(b_, a_));
}

TEST_F(Switchover, RefusedSaysWhyAndChangesNothing) {
  EXPECT_THAT(Ask(a_, a_), StartsWith("refused|target_known: "));
  EXPECT_EQ(a_.Rows("SELECT outcome, reason FROM baton.switchover('nobody', false)"),
            "refused|target_known: node \"nobody\" is not registered");
  EXPECT_EQ(LastRequest(a_).substr(0, 19), "switchover|refused|");
  EXPECT_EQ(a_.SqlError("SELECT baton.switchover('No Name')"), "invalid node name");
}

//   a (primary) <--- b, <--- c          a ---> b (primary) <--- c
TEST_F(Switchover, TheOtherStandbyFollows) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Becomes(c, "upstream", "ok"));
  ASSERT_TRUE(Becomes(c, "peers", "ok"));
  ASSERT_TRUE(Becomes(b_, "peers", "ok"));
  ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_TRUE(SwitchOver(a_, b_));
  EXPECT_TRUE(
      Returns(b_, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "2"));
  ASSERT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
  EXPECT_EQ(Slots(b_), "a,c");
  EXPECT_TRUE(Returns(a_, "SELECT count(*) FROM pg_replication_slots", "0"));
}

// Commits wait for the standby on either side.
TEST_F(Switchover, SynchronousNamesAreSwapped) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SELECT sync_state FROM pg_stat_replication", "sync"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_TRUE(SwitchOver(a_, b_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  EXPECT_EQ(b_.Sql("SHOW synchronous_standby_names"), "FIRST 1 (a)");
  EXPECT_TRUE(Returns(b_, "SELECT sync_state FROM pg_stat_replication", "sync"));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

// What was not archived when the role changed is archived afterwards, by the old primary.
TEST_F(Switchover, NothingIsMissingInTheArchive) {
  const fs::path archive = cluster_.directory() / "archive";
  const fs::path open = cluster_.directory() / "open";
  fs::create_directory(archive);
  for (Node* const node : {&a_, &b_}) {
    node->Configure(
        fmt::format("archive_mode = on\narchive_command = 'test -e {} && cp %p {}/%f'\n"
                    "restore_command = 'cp {}/%f %p'\n",
                    open.string(), archive.string(), archive.string()));
  }
  b_.Restart();
  a_.Restart();
  ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
  ASSERT_TRUE(Becomes(b_, "upstream", "ok"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  ASSERT_TRUE(Becomes(b_, "peers", "ok"));
  FillSegments(a_, 3);
  WaitForReplay(a_, b_);
  const std::string last = a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  const std::string waiting = a_.Sql(
      "SELECT replace(f, '.ready', '') FROM pg_ls_dir('pg_wal/archive_status') AS f WHERE f "
      "LIKE '%.ready' ORDER BY 1");
  ASSERT_NE(waiting, "");
  ASSERT_TRUE(SwitchOver(a_, b_));
  a_.Sql("CHECKPOINT");
  a_.Sql("CHECKPOINT");
  std::ofstream(open) << '\n';
  EXPECT_TRUE(Returns(
      a_, "SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') AS f WHERE f LIKE '%.ready'",
      "0"));
  std::istringstream names(waiting);
  for (std::string name; std::getline(names, name);) {
    EXPECT_TRUE(fs::exists(archive / name)) << name;
  }
  EXPECT_TRUE(Returns(
      a_, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'baton_archive'", "0"));
  EXPECT_EQ(a_.Sql("SHOW restore_command"), fmt::format("cp {}/%f %p", archive.string()));
}

// The same by the library; its directory is not there when the role changes.
TEST_F(Switchover, WhatTheLibraryHasNotArchivedIsArchivedAfterwards) {
  const fs::path archive = cluster_.directory() / "archive";
  for (Node* const node : {&a_, &b_}) {
    node->Configure(
        fmt::format("archive_mode = on\narchive_library = 'pg_baton'\n"
                    "pg_baton.archive_directory = '{}'\n",
                    archive.string()));
  }
  b_.Restart();
  a_.Restart();
  ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
  ASSERT_TRUE(Becomes(b_, "upstream", "ok"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  ASSERT_TRUE(Becomes(b_, "peers", "ok"));
  const std::string first = a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  FillSegments(a_, 3);
  WaitForReplay(a_, b_);
  ASSERT_TRUE(SwitchOver(a_, b_));
  a_.Sql("CHECKPOINT");
  EXPECT_TRUE(fs::exists(a_.data() / "pg_wal/archive_status" / (first + ".ready")));

  fs::create_directory(archive);

  EXPECT_TRUE(Returns(
      a_, "SELECT count(*) FROM pg_ls_dir('pg_wal/archive_status') AS f WHERE f LIKE '%.ready'",
      "0"));
  EXPECT_TRUE(fs::exists(archive / first));
  EXPECT_TRUE(Returns(
      a_, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'baton_archive'", "0"));
}

// The snapshot of the checkpoint cannot list them, and would let nobody in.
TEST_F(Switchover, AnOpenTransactionOfAHundredSubtransactionsIsNoObstacle) {
  a_.Sql("CREATE TABLE w (n int)");
  helper::Connection session = a_.Connect();
  session.Run("BEGIN");
  for (int i = 0; i < 100; ++i) {
    session.Run(fmt::format("SAVEPOINT s{}", i));
    session.Run("INSERT INTO w VALUES (1)");
  }
  ASSERT_TRUE(SwitchOver(a_, b_));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM w"), "0");
}

TEST_F(Switchover, APreparedTransactionMovesAlong) {
  for (Node* const node : {&a_, &b_}) node->Configure("max_prepared_transactions = 5\n");
  a_.Restart();
  b_.Restart();
  ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
  ASSERT_TRUE(Becomes(b_, "upstream", "ok"));
  ASSERT_TRUE(Becomes(b_, "peers", "ok"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  a_.Sql("CREATE TABLE w (n int)");
  {
    helper::Connection session = a_.Connect();
    session.Run("BEGIN");
    session.Run("INSERT INTO w VALUES (1)");
    session.Run("PREPARE TRANSACTION 'p'");
  }
  ASSERT_TRUE(SwitchOver(a_, b_));
  b_.Sql("COMMIT PREPARED 'p'");
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM w"), "1");
  EXPECT_TRUE(Returns(a_, "SELECT count(*) FROM w", "1"));
}

// Whoever waits at the gate may hold a lock that every login needs.
TEST_F(Switchover, AWaiterThatHoldsALockOnRolesIsNoObstacle) {
  helper::Connection session = a_.Connect();
  session.Run("BEGIN");
  session.Run("CREATE TABLE w (n int)");
  PauseAt(a_, "end");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(a_, "end"));
  session.Run("LOCK TABLE pg_catalog.pg_authid IN ACCESS EXCLUSIVE MODE");
  std::thread waiter([&] {
    try {
      session.Run("COMMIT");
    } catch (const std::exception&) {
    }
  });
  GoOn(a_);
  EXPECT_TRUE(HaveRoles(b_, a_));
  waiter.join();
  EXPECT_EQ(b_.Sql("SELECT to_regclass('w')"), "");
}

// Where the postmaster does not begin anew by itself, a command restarts it.
TEST_F(Switchover, ByARestartWhereTheServerWouldNotBeginAnew) {
  a_.Configure(fmt::format(
      "restart_after_crash = off\npg_baton.restart_command = '{} -m fast -w -l {} restart'\n",
      Cluster::Program("pg_ctl"), a_.log_file().string()));
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SHOW restart_after_crash", "off"));
  const int postmaster = a_.Postmaster();
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_TRUE(SwitchOver(a_, b_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  EXPECT_NE(a_.Postmaster(), postmaster);
  EXPECT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "done"));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

TEST_F(Switchover, ARestartThatDoesNotComeIsUndone) {
  a_.Configure(
      "restart_after_crash = off\npg_baton.restart_command = 'true'\n"
      "pg_baton.switchover_timeout = '2s'\n");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SHOW restart_after_crash", "off"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Returns(a_, "SELECT outcome || ' ' || reason FROM baton.requests",
                      "failed pg_baton.restart_command did not restart the server"));
  ASSERT_TRUE(WritesGoOnAt(a_));
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

//   a (primary) <--- b         a, b (standbys)         a (primary) <--- b
TEST_F(Switchover, ADemotedPrimaryCanBePromotedAgain) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  EXPECT_EQ(AskToDemote(a_), "requested|");
  ASSERT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests", "done"));
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(a_.Sql("SHOW primary_conninfo"), "");
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT outcome FROM baton.promote()") == "promoted"; }));
  ASSERT_TRUE(WritesGoOnAt(a_));
  EXPECT_TRUE(HaveRoles(a_, b_));
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

// Orphans come to this process.
int LettingGoOfMemory() {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream status(entry.path() / "status");
    std::string line;
    while (std::getline(status, line) && !line.starts_with("PPid:")) {
    }
    if (line.empty() || std::atoi(line.c_str() + 5) != getpid()) continue;
    std::string title;
    std::getline(std::ifstream(entry.path() / "cmdline"), title);
    if (title.find("letting go of shared memory") != std::string::npos) return pid;
  }
  return 0;
}

// To give back the pages of large shared buffers takes seconds, which recovery need not wait for.
TEST_F(Switchover, LargeSharedMemoryIsGivenBackAside) {
  a_.Sql("ALTER SYSTEM SET shared_buffers = '300MB'");
  a_.Restart();
  EXPECT_EQ(LettingGoOfMemory(), 0);
  ASSERT_TRUE(Eventually([&] { return a_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
  EXPECT_EQ(AskToDemote(a_), "requested|");
  ASSERT_TRUE(Eventually([] { return LettingGoOfMemory() != 0; }));
  const int holder = LettingGoOfMemory();
  ASSERT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests", "done"));

  // It does not look like a server at work.
  a_.Stop();
  a_.Start();
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_TRUE(Eventually([&] { return LettingGoOfMemory() != holder; }));
}

//   a (primary) <--- b         a, b (standbys)         a ---> b (primary)
TEST_F(Switchover, ADemotedPrimaryFollowsWhoeverGoesOnFromItsEnd) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  EXPECT_EQ(AskToDemote(a_), "requested|");
  ASSERT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests", "done"));
  ASSERT_TRUE(Returns(b_,
                      fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'",
                                  a_.Sql("SELECT lsn FROM baton.requests")),
                      "t"));
  std::string outcome;
  ASSERT_TRUE(Eventually([&] {
    outcome = b_.Rows("SELECT outcome, reason FROM baton.promote()");
    return outcome == "promoted|";
  })) << outcome;
  ASSERT_TRUE(HaveRoles(b_, a_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

}  // namespace
}  // namespace baton::test
