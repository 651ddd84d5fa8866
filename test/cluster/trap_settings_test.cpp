// What creeps in unseen: settings that drift or wait for a restart, and queries on a standby that
// hold back the primary, or are cancelled because they do not.
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

class TrapSettings : public Scenario {
 protected:
  TrapSettings() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {}

  static void Set(const Node& node, const std::string& setting) {
    node.Sql("ALTER SYSTEM SET " + setting);
    node.Sql("SELECT pg_reload_conf()");
  }

  Node& a_;
  Node& b_;
};

TEST_F(TrapSettings, WhatDiffersFromThePrimaryIsTold) {
  ASSERT_TRUE(Becomes(b_, "settings_drift", "ok"));

  Set(b_, "work_mem = '7MB'");

  EXPECT_TRUE(
      Becomes(b_, "settings_drift", "warning", "not as on the primary: work_mem 7MB, primary 4MB"));
}

TEST_F(TrapSettings, AChangeThatWaitsForARestartIsToldUntilThen) {
  ASSERT_TRUE(Becomes(b_, "pending_restart", "ok"));

  Set(b_, "max_connections = 101");
  EXPECT_TRUE(
      Becomes(b_, "pending_restart", "warning", "changed, but not in effect: max_connections"));

  b_.Restart();
  EXPECT_TRUE(Becomes(b_, "pending_restart", "ok"));
}

TEST_F(TrapSettings, AQueryOnAStandbyThatHoldsBackThePrimaryIsSeenThere) {
  a_.Sql("ALTER SYSTEM SET pg_baton.xmin_age_warning = 20");
  a_.Sql("SELECT pg_reload_conf()");
  a_.Sql("CREATE TABLE t (n int)");
  Set(b_, "wal_receiver_status_interval = '1s'");
  Set(b_, "hot_standby_feedback = on");
  WaitForReplay(a_, b_);
  helper::Connection reader = b_.Connect();
  reader.Run("BEGIN ISOLATION LEVEL REPEATABLE READ");
  reader.Query("SELECT * FROM t");
  ASSERT_TRUE(Returns(a_, "SELECT count(*) > 0 FROM baton.slots WHERE xmin_age IS NOT NULL", "t"));

  for (int i = 0; i < 30; ++i) a_.Sql("INSERT INTO t VALUES (1)");

  EXPECT_TRUE(Becomes(a_, "xmin_age", "warning", "\"b\" keeps vacuum from rows of the last "));
  EXPECT_TRUE(Returns(
      b_, "SELECT value FROM baton.health WHERE check_name = 'hot_standby_feedback'", "on"));
}

TEST_F(TrapSettings, QueriesThatReplayCancelsAreCounted) {
  Set(b_, "max_standby_streaming_delay = 0");
  Set(b_, "pg_baton.recovery_conflicts_warning = 1");
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  WaitForReplay(a_, b_);
  ASSERT_TRUE(Becomes(b_, "recovery_conflicts", "ok"));
  helper::Connection reader = b_.Connect();
  reader.Run("BEGIN ISOLATION LEVEL REPEATABLE READ");
  reader.Query("SELECT * FROM t");

  a_.Sql("DELETE FROM t");
  a_.Sql("VACUUM t");

  EXPECT_TRUE(Becomes(b_, "recovery_conflicts", "warning",
                      "1 query was cancelled by replay within 5 minutes"));
}

}  // namespace
}  // namespace baton::test
