// What a server says about those that stream from it, where pg_stat_replication says too little or
// too much.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::StartsWith;

class TrapSender : public Scenario {
 protected:
  TrapSender() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
    EXPECT_TRUE(Becomes(a_, "standby_lag", "ok"));
  }

  Node& a_;
  Node& b_;
};

//   a (primary, waits for "nobody") <--- b
TEST_F(TrapSender, ASynchronousStandbyThatIsNotThereIsCriticalWithTheSessionsThatWait) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'b'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Becomes(a_, "sync_standbys", "ok", "the synchronous standbys are there: b"));

  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (nobody)'");
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Becomes(a_, "sync_standbys", "critical",
                      "commits wait for standbys that are not there (FIRST 1 (nobody)); 0 sessions "
                      "wait now"));
  const pid_t session = Spawn({Cluster::Program("psql"), "-X", "-h", cluster_.directory(), "-p",
                               std::to_string(a_.port()), "-c", "CREATE TABLE t ()", "postgres"},
                              cluster_.directory() / "session");

  EXPECT_TRUE(Becomes(a_, "sync_standbys", "critical",
                      "commits wait for standbys that are not there (FIRST 1 (nobody)); 1 session "
                      "waits now"));
  EXPECT_EQ(a_.Sql("SELECT value FROM baton.health WHERE check_name = 'sync_standbys'"), "0 of 1");
  EXPECT_TRUE(Becomes(a_, "standbys", "ok")) << "b streams all the same";
  EXPECT_TRUE(Becomes(a_, "monitor", "ok")) << "nothing of pg_baton waits";

  a_.Sql("ALTER SYSTEM RESET synchronous_standby_names");
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_EQ(WaitFor(session), 0);
  EXPECT_TRUE(
      Returns(a_, "SELECT count(*) FROM baton.health WHERE check_name = 'sync_standbys'", "0"));
}

//   a (primary) <--- b, pg_receivewal, pg_basebackup
TEST_F(TrapSender, WhatOnlyTakesWalOrFilesIsNoStandby) {
  const fs::path wal = cluster_.directory() / "wal";
  fs::create_directory(wal);
  const std::string port = std::to_string(a_.port());
  const pid_t receiver =
      Spawn({Cluster::Program("pg_receivewal"), "-D", wal, "-h", cluster_.directory(), "-p", port},
            cluster_.directory() / "pg_receivewal");
  const pid_t backup =
      Spawn({Cluster::Program("pg_basebackup"), "-D", cluster_.directory() / "backup", "-h",
             cluster_.directory(), "-p", port, "-c", "fast", "--max-rate=64"},
            cluster_.directory() / "pg_basebackup");
  ASSERT_TRUE(Returns(a_,
                      "SELECT application_name, state FROM pg_stat_replication"
                      " ORDER BY application_name COLLATE \"C\", state COLLATE \"C\"",
                      "b|streaming\npg_basebackup|backup\npg_basebackup|streaming\n"
                      "pg_receivewal|streaming"));
  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, b_);

  // Long enough for a receiver's lag, which is never replayed, to pass every threshold.
  const std::string since = a_.Sql("SELECT now()");
  std::string bad;
  ASSERT_TRUE(Eventually([&] {
    for (const char* const check : {"standbys", "standby_lag", "standby_lag_bytes"}) {
      const std::string status = Status(a_, check);
      if (status != "ok" && status != "unknown") bad = Message(a_, check);
    }
    return a_.Sql(fmt::format("SELECT now() - '{}' > '4 s'", since)) == "t";
  }));
  EXPECT_EQ(bad, "");
  EXPECT_EQ(a_.Sql("SELECT name FROM baton.standbys"), "b");
  EXPECT_EQ(a_.Sql("SELECT value FROM baton.health WHERE check_name = 'standbys'"), "1 of 1");
  EXPECT_THAT(Message(a_, "free_wal_senders"), StartsWith("4 of 10 WAL senders in use"));

  SendSignal(receiver, SIGTERM);
  WaitFor(receiver);
  // Its two connections would outlive it.
  a_.Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name <> 'b'");
  WaitFor(backup);
  EXPECT_TRUE(Returns(a_, "SELECT count(*) FROM pg_stat_replication", "1"));
}

//   a (primary)     b (down)
TEST_F(TrapSender, ASlotIsToldBeforeItIsLostAndKeepsItsRowAfterwards) {
  a_.Sql("ALTER SYSTEM SET wal_keep_size = 0");
  a_.Sql("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(a_,
                      "SELECT slot_name, slot_type, active, wal_status, retained_bytes >= 0,"
                      " safe_bytes > 0, inactive_since, reason FROM baton.slots",
                      "b|physical|t|reserved|t|t||"));
  b_.Stop();
  EXPECT_TRUE(
      Returns(a_, "SELECT active, now() - inactive_since < '1 min' FROM baton.slots", "f|t"));

  FillSegments(a_, 3);
  EXPECT_TRUE(
      Becomes(a_, "slots", "warning", "slot \"b\" is about to lose WAL that its standby needs"));
  EXPECT_TRUE(Returns(a_,
                      "SELECT slot_name, wal_status, retained_bytes > 0, reason FROM baton.slots",
                      "b|unreserved|t|it is further behind than max_slot_wal_keep_size allows"));

  a_.Sql("CHECKPOINT");
  EXPECT_TRUE(Becomes(a_, "slots", "critical", "slot \"b\" has lost WAL that its standby needs: "));
  EXPECT_TRUE(Returns(a_, "SELECT slot_name, active, wal_status, reason <> '' FROM baton.slots",
                      "b|f|lost|t"));
  EXPECT_EQ(a_.Sql("SELECT COALESCE(pg_current_wal_lsn() - restart_lsn, 0)"
                   " FROM pg_replication_slots"),
            "0")
      << "the usual figure says that nothing is held back";

  b_.Start();
  EXPECT_TRUE(Becomes(b_, "streaming", "critical", "no WAL comes in from a"));
}

}  // namespace
}  // namespace baton::test
