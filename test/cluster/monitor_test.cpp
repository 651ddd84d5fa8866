// The monitor's life: what it survives, what its death costs, and what a reader sees meanwhile.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Monitor : public testing::Test {
 protected:
  Monitor() : a_(cluster_.InitPrimary("a")) {
    EXPECT_TRUE(Eventually([&] { return a_.WorkerPid() != 0; }));
  }

  bool IsFresh(const Node& node) {
    return node.Sql("SELECT status FROM baton.health WHERE check_name = 'monitor'") == "ok";
  }

  Cluster cluster_;
  Node& a_;
};

TEST_F(Monitor, ComesBackAfterSigtermWithoutAnyOtherProcessNoticing) {
  helper::Connection session = a_.Connect();
  const int before = a_.WorkerPid();

  SendSignal(before, SIGTERM);

  EXPECT_TRUE(Eventually([&] {
    const int now = a_.WorkerPid();
    return now != 0 && now != before && IsFresh(a_);
  }));
  EXPECT_EQ(session.Value("SELECT 1"), "1");
}

TEST_F(Monitor, KilledHardCostsWhatPostgreSqlMakesItCostAndComesBack) {
  const int before = a_.WorkerPid();
  const int postmaster = a_.Postmaster();
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 10) AS n");

  SendSignal(before, SIGKILL);

  EXPECT_TRUE(Eventually([&] {
    try {
      const int now = a_.WorkerPid();
      return now != 0 && now != before && IsFresh(a_);
    } catch (const core::Error&) {
      return false;
    }
  }));
  EXPECT_EQ(a_.Postmaster(), postmaster);
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "10");
  EXPECT_THAT(a_.Log(), HasSubstr("all server processes terminated; reinitializing"));
}

TEST_F(Monitor, TakesNewSettingsAtAReload) {
  const int before = a_.WorkerPid();
  a_.Sql("ALTER SYSTEM SET pg_baton.check_interval = '300ms'");
  a_.Sql("ALTER SYSTEM SET pg_baton.slot_retained_critical = 0");
  a_.Sql("SELECT pg_reload_conf()");

  EXPECT_TRUE(Eventually([&] {
    return a_.Sql("SELECT critical_at FROM baton.health WHERE check_name = 'slot_retained'") == "0";
  }));
  EXPECT_EQ(a_.WorkerPid(), before);
}

TEST_F(Monitor, StoppedMakesEveryVerdictUnknownWithItsAge) {
  cluster_.Clone("b", a_);
  const int monitor = a_.WorkerPid();
  ASSERT_TRUE(IsFresh(a_));

  SendSignal(monitor, SIGSTOP);
  const bool unknown = Eventually(
      // The observer is another process, and goes on.
      [&] {
        return a_.Rows("SELECT check_name, status FROM baton.health WHERE status <> 'unknown'") ==
               "observer|ok";
      });
  const std::string slots = a_.Sql("SELECT message FROM baton.health WHERE check_name = 'slots'");
  const std::string standbys = a_.Rows("SELECT state, connected, replay_lag FROM baton.standbys");
  SendSignal(monitor, SIGCONT);

  EXPECT_EQ(standbys, "unknown||") << "a view may not go on saying what was";
  EXPECT_TRUE(unknown);
  EXPECT_THAT(slots, StartsWith("not checked for "));
  EXPECT_TRUE(Eventually([&] { return IsFresh(a_); }));
}

TEST_F(Monitor, APlainLoadIsRefused) {
  Node& plain = cluster_.InitPlain("plain");

  EXPECT_EQ(plain.SqlError("LOAD 'pg_baton'"),
            "pg_baton must be loaded by shared_preload_libraries");
  EXPECT_EQ(plain.SqlError("CREATE EXTENSION pg_baton"),
            "pg_baton must be loaded by shared_preload_libraries");
  EXPECT_EQ(plain.Sql("SELECT 1"), "1");
}

TEST_F(Monitor, ViewsWorkOnThePrimaryAndOnTheReadOnlyStandby) {
  Node& b = cluster_.Clone("b", a_);

  for (const char* const view :
       {"node_status", "health", "standbys", "promotion_check", "requests"}) {
    EXPECT_EQ(a_.SqlError(fmt::format("SELECT * FROM baton.{}", view)), "") << view;
    EXPECT_EQ(b.SqlError(fmt::format("SELECT * FROM baton.{}", view)), "") << view;
  }
  EXPECT_EQ(b.Rows("SELECT name, role, state, upstream FROM baton.node_status"),
            "b|standby|streaming|a");
  EXPECT_EQ(b.SqlError("SELECT baton.register_node('c', 'host=127.0.0.1')"),
            "the registry can be changed on the primary only");
  EXPECT_EQ(b.SqlError("SELECT * FROM baton.verify_replication()"),
            "replication can be verified from the primary only");
}

TEST_F(Monitor, AServerStartsWithoutTheLibrary) {
  a_.Sql("ALTER SYSTEM RESET shared_preload_libraries");
  a_.Restart();

  EXPECT_EQ(a_.Sql("SELECT name FROM baton.node"), "a");
  EXPECT_EQ(a_.SqlError("SELECT * FROM baton.health"),
            "pg_baton must be loaded by shared_preload_libraries");
}

}  // namespace
}  // namespace baton::test
