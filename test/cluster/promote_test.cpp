// Promotion of a standby: asked for in SQL, refused with reasons, or done.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class Promote : public testing::Test {
 protected:
  std::string Check(const Node& node, const std::string& name) {
    return node.Rows(fmt::format(
        "SELECT status, message FROM baton.promotion_check WHERE check_name = '{}'", name));
  }

  Cluster cluster_;
};

//   a (primary) <--- b            a (killed)      b (primary, timeline 2)
TEST_F(Promote, TakesOverWhenThePrimaryIsDead) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  ASSERT_TRUE(Eventually([&] { return b.SqlError("SELECT FROM t").empty(); }));
  const int monitor = b.WorkerPid();

  a.Kill();
  ASSERT_TRUE(
      Eventually([&] { return b.Sql("SELECT state FROM baton.node_status") == "not receiving"; }));
  EXPECT_THAT(Check(b, "primary_alive"), StartsWith("ok|no node answers as primary: \"a\": "));
  EXPECT_EQ(b.Sql("SELECT count(*) FROM baton.promotion_check WHERE status = 'critical'"), "0");
  const std::string result =
      b.Rows("SELECT outcome, reason, timeline, lsn IS NOT NULL FROM baton.promote()");

  EXPECT_EQ(result, "promoted||2|t");
  b.Sql("INSERT INTO t VALUES (1001)");
  EXPECT_EQ(b.Sql("SELECT count(*) FROM t"), "1001");
  EXPECT_EQ(b.Rows("SELECT role, state, timeline, upstream, replay_lag FROM baton.node_status"),
            "primary|writable|2||");
  EXPECT_EQ(b.Rows("SELECT outcome, requested_by = current_user, timeline FROM baton.requests"),
            "promoted|t|2");
  EXPECT_EQ(b.WorkerPid(), monitor) << "the monitor lives through a promotion";
  EXPECT_TRUE(Eventually([&] {
    return b.Sql(
               "SELECT count(*) FROM baton.health WHERE check_name IN ('streaming', "
               "'replay_lag')") == "0";
  })) << "nothing of the standby's time may stay";
}

TEST_F(Promote, IsRefusedWhileThePrimaryLivesAndForceTakesIt) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);

  const std::string refused = b.Rows("SELECT outcome, reason, timeline FROM baton.promote()");
  const std::string still = b.Sql("SELECT pg_is_in_recovery()");
  const std::string forced = b.Rows("SELECT outcome, timeline FROM baton.promote(force => true)");

  EXPECT_EQ(refused, "refused|primary_alive: node \"a\" answers as primary on timeline 1|");
  EXPECT_EQ(still, "t");
  EXPECT_EQ(forced, "promoted|2");
  EXPECT_EQ(b.Rows("SELECT outcome, force FROM baton.requests ORDER BY request_id"),
            "refused|f\npromoted|t");
  EXPECT_THAT(b.Log(), HasSubstr("promotion requested by"));
  EXPECT_EQ(b.Rows("SELECT outcome, reason FROM baton.promote(force => true)"),
            "refused|is_standby: this server is not a standby");
}

// The password that the standby asks with is wrong, so the primary is there but says nothing.
TEST_F(Promote, IsRefusedWhileTheUpstreamIsThereButCannotBeAsked) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  b.Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=" + std::to_string(a.port()) +
        " user=nobody'");
  b.Sql("ALTER SYSTEM SET pg_baton.passfile = '/nowhere'");
  b.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(
      Eventually([&] { return b.Sql("SELECT state FROM baton.node_status") == "not receiving"; }));

  EXPECT_THAT(
      b.Rows("SELECT outcome, reason FROM baton.promote()"),
      ContainsRegex("^refused\\|primary_alive: node \"a\" runs, but could not be asked: .*no "
                    "password supplied"));
}

// A stopped postmaster still takes connections, by the kernel's hand, but never answers.
TEST_F(Promote, IsRefusedWhileThePrimaryHangs) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  const int postmaster = a.Postmaster();
  // The receiver looks elsewhere, so that only the question is left to find the primary.
  b.Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
  b.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(
      Eventually([&] { return b.Sql("SELECT state FROM baton.node_status") == "not receiving"; }));

  kill(postmaster, SIGSTOP);
  const std::string result = Check(b, "primary_alive");
  kill(postmaster, SIGCONT);

  EXPECT_THAT(result, ContainsRegex("^(critical|unknown)\\|.*\"a\".*no answer within 2.0 s"));
}

//   a (primary) <--- b (stopped)            a (dead)   b
//               <--- c                                 c (further ahead)
TEST_F(Promote, IsRefusedWhileAnotherStandbyIsFurtherAhead) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  b.Stop();
  a.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  const std::string lsn = a.Sql("SELECT pg_current_wal_lsn()");
  ASSERT_TRUE(Eventually(
      [&] { return c.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn)) == "t"; }));
  a.Kill();
  b.Start();

  EXPECT_THAT(
      Check(b, "most_advanced"),
      ContainsRegex("^critical\\|standby \"c\" is further ahead: .* on timeline 1, here .* on 1$"));
  EXPECT_THAT(b.Rows("SELECT outcome, reason FROM baton.promote()"),
              StartsWith("refused|most_advanced: standby \"c\" is further ahead"));
  EXPECT_THAT(Check(c, "most_advanced"),
              StartsWith("ok|none of 1 other standbys is further ahead"));
  EXPECT_EQ(c.Sql("SELECT outcome FROM baton.promote()"), "promoted");
}

TEST_F(Promote, IsRefusedWhileReplayIsPaused) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Kill();
  b.Sql("SELECT pg_wal_replay_pause()");

  EXPECT_THAT(b.Rows("SELECT outcome, reason FROM baton.promote()"),
              StartsWith("refused|replay_paused: replay is paused"));
  b.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_EQ(b.Sql("SELECT outcome FROM baton.promote()"), "promoted");
}

TEST_F(Promote, WithoutWaitingTellsTheRequestAndFinishesByItself) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Kill();

  EXPECT_EQ(b.Rows("SELECT request_id, outcome, timeline FROM baton.promote(wait => false)"),
            "1|requested|");

  EXPECT_TRUE(Eventually([&] {
    return b.Rows("SELECT outcome, timeline FROM baton.requests WHERE request_id = 1") ==
           "promoted|2";
  }));
}

TEST_F(Promote, AnOperatorMayAndAReaderMayOnlyLook) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Sql("CREATE ROLE operator LOGIN IN ROLE baton_operator");
  a.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
  a.Sql("CREATE ROLE plain LOGIN");
  ASSERT_TRUE(Eventually(
      [&] { return b.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'plain'") == "1"; }));
  a.Kill();
  helper::Connection plain = b.Connect("postgres", "plain");
  helper::Connection reader = b.Connect("postgres", "reader");
  helper::Connection operator_session = b.Connect("postgres", "operator");

  EXPECT_THROW(plain.Query("SELECT * FROM baton.node_status"), helper::SqlError);
  EXPECT_EQ(reader.Value("SELECT role FROM baton.node_status"), "standby");
  EXPECT_EQ(reader.Value("SELECT count(*) FROM baton.promotion_check"), "8");
  EXPECT_THROW(reader.Query("SELECT * FROM baton.promote()"), helper::SqlError);
  EXPECT_EQ(operator_session.Value("SELECT outcome FROM baton.promote()"), "promoted");
}

}  // namespace
}  // namespace baton::test
