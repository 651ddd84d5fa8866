// Promotion of a standby: asked for in SQL, refused with reasons, or done.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/proxy.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class Promote : public Scenario {
 protected:
  static std::string Check(const Node& node, const std::string& name) {
    return node.Rows(fmt::format(
        "SELECT status, message FROM baton.promotion_check WHERE check_name = '{}'", name));
  }
  static std::string Outcome(const Node& node) {
    return node.Rows("SELECT outcome, reason FROM baton.promote()");
  }
  static void Set(const Node& node, const std::string& name, const std::string& value) {
    node.Sql(fmt::format("ALTER SYSTEM SET {} = $v${}$v$", name, value));
    node.Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(
        Returns(node, fmt::format("SELECT current_setting('{}') = $v${}$v$", name, value), "t"));
  }
  // A restore_command that only the question to the archive runs; the server itself finds nothing.
  static std::string WhenAsked(const std::string& commands) {
    return "case %p in pg_baton/*) " + commands + ";; *) exit 1;; esac";
  }
};

//   a (primary) <--- b            a (killed)      b (primary, timeline 2)
TEST_F(Promote, TakesOverWhenThePrimaryIsDead) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  ASSERT_TRUE(Eventually([&] { return b.SqlError("SELECT FROM t").empty(); }));
  ASSERT_TRUE(Eventually([&] { return !Check(b, "missing_time").starts_with("unknown"); }));
  const int monitor = b.WorkerPid();

  a.Kill();
  ASSERT_TRUE(
      Eventually([&] { return b.Sql("SELECT state FROM baton.node_status") == "not receiving"; }));
  EXPECT_THAT(Check(b, "primary_alive"), StartsWith("ok|no node answers as primary: \"a\": "));
  EXPECT_THAT(
      Check(b, "missing_time"),
      ContainsRegex("^(ok|warning)\\|what the primary acknowledged more than .* ago is here$"));
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
  const std::string forced =
      b.Rows("SELECT outcome, reason, timeline FROM baton.promote(force => true)");

  EXPECT_EQ(refused, "refused|primary_alive: node \"a\" answers as primary on timeline 1|");
  EXPECT_EQ(still, "t");
  EXPECT_EQ(forced,
            "promoted|forced against: primary_alive: node \"a\" answers as primary on timeline 1; "
            "closed the "
            "write gate of: a|2");
  EXPECT_EQ(b.Rows("SELECT outcome, force, reason LIKE 'forced against: primary_alive: %'"
                   " FROM baton.requests ORDER BY request_id"),
            "refused|f|f\npromoted|t|t");
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

  SendSignal(postmaster, SIGSTOP);
  const std::string result = Check(b, "primary_alive");
  SendSignal(postmaster, SIGCONT);

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
  EXPECT_EQ(reader.Value("SELECT count(*) FROM baton.promotion_check"), "16");
  EXPECT_THROW(reader.Query("SELECT * FROM baton.promote()"), helper::SqlError);
  EXPECT_EQ(operator_session.Value("SELECT outcome FROM baton.promote()"), "promoted");
}

//   a (killed) <-/- b, asked, and thinking             b (primary)
//              <-/- c, asked meanwhile: refused        c
TEST_F(Promote, IsRefusedWhileAnotherStandbyDecidesOnItsOwn) {
  for (const std::string first : {"b", "c"}) {
    Cluster cluster;
    Node& a = cluster.InitPrimary("a", kQuick);
    Node& b = cluster.Clone("b", a);
    Node& c = cluster.Clone("c", a);
    Node& thinking = first == "b" ? b : c;
    Node& other = first == "b" ? c : b;
    const fs::path begun = cluster.directory() / "begun";
    const fs::path go = cluster.directory() / "go";
    Set(thinking, "pg_baton.peer_timeout", "20s");
    // A busy machine may answer late, and who does not answer decides on nothing.
    Set(other, "pg_baton.peer_timeout", "10s");
    Set(thinking, "restore_command",
        WhenAsked(fmt::format("touch {}; while [ ! -e {} ]; do sleep 0.05; done; exit 1",
                              begun.string(), go.string())));
    WaitForReplay(a, b);
    WaitForReplay(a, c);
    a.Kill();
    ASSERT_TRUE(Eventually([&] { return Check(other, "primary_seen").starts_with("ok"); }));
    ASSERT_EQ(Check(other, "other_promotion"), "ok|no node that answers is being promoted");

    auto outcome = std::async(std::launch::async, [&] { return Outcome(thinking); });
    ASSERT_TRUE(Eventually([&] { return fs::exists(begun); }));
    const std::string of_other = Outcome(other);
    const std::string again = thinking.SqlError("SELECT * FROM baton.promote()");
    std::ofstream(go) << "";

    EXPECT_EQ(of_other, fmt::format("refused|other_promotion: node \"{}\" is being promoted, or "
                                    "decides on it",
                                    first));
    EXPECT_EQ(again, "another session decides on a promotion just now");
    // On a busy machine it may have asked while the other one was deciding as well: then neither
    // is promoted.
    const std::string of_first = outcome.get();
    EXPECT_THAT(of_first, AnyOf("promoted|", StartsWith("refused|other_promotion: ")));
    if (of_first == "promoted|") {
      EXPECT_THAT(Outcome(other), StartsWith("refused|"));
    }
  }
}

// By an administrator, while the archive hangs.
TEST_F(Promote, WhoseSessionIsTerminatedLeavesNothingBehind) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  const fs::path pids = cluster_.directory() / "pids";
  Set(b, "pg_baton.peer_timeout", "20s");
  Set(b, "restore_command",
      WhenAsked(fmt::format("touch %p; echo $$ >> {}; sleep 600", pids.string())));
  a.Kill();
  const auto running = [&] {
    std::ifstream file(pids);
    int count = 0;
    for (pid_t pid = 0; file >> pid;) count += kill(pid, 0) == 0 ? 1 : 0;
    return count;
  };

  auto promotion = std::async(std::launch::async, [&] {
    EXPECT_THROW(b.Connect().Query("SELECT * FROM baton.promote()"), helper::SqlError);
  });
  ASSERT_TRUE(Eventually([&] { return running() == 2; }));
  ASSERT_EQ(b.Sql("SELECT promoting FROM baton.self_report(false)"), "t");
  b.Sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%baton.promote()'"
      " AND pid <> pg_backend_pid()");
  promotion.get();

  EXPECT_TRUE(Eventually([&] { return running() == 0; }));
  EXPECT_EQ(b.Sql("SELECT promoting FROM baton.self_report(false)"), "f");
  for (const auto& entry : fs::directory_iterator(b.data() / "pg_baton")) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(StartsWith("archived")));
  }
}

TEST_F(Promote, ThatIsCancelledLeavesNoIntent) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  Set(b, "pg_baton.peer_timeout", "20s");
  Set(b, "restore_command", WhenAsked("sleep 600"));
  WaitForReplay(a, b);
  WaitForReplay(a, c);
  a.Kill();
  ASSERT_TRUE(Eventually([&] { return Check(c, "primary_seen").starts_with("ok"); }));

  helper::Connection session = b.Connect();
  session.Run("SET statement_timeout = '500ms'");
  EXPECT_THROW(session.Query("SELECT * FROM baton.promote()"), helper::SqlError);
  EXPECT_THAT(b.Log(), HasSubstr("canceling statement due to statement timeout"));

  EXPECT_EQ(Check(c, "other_promotion"), "ok|no node that answers is being promoted");
  EXPECT_EQ(Outcome(c), "promoted|");
}

TEST_F(Promote, OfTwoStandbysAskedAtOncePromotesOneAtMost) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  WaitForReplay(a, b);
  WaitForReplay(a, c);
  a.Kill();
  for (const Node* const node : {&b, &c}) {
    ASSERT_TRUE(Eventually([&] { return Check(*node, "primary_seen").starts_with("ok"); }));
  }

  auto of_b = std::async(std::launch::async, [&] { return Outcome(b); });
  auto of_c = std::async(std::launch::async, [&] { return Outcome(c); });
  const std::string outcomes = of_b.get() + "\n" + of_c.get();

  EXPECT_THAT(outcomes, HasSubstr("refused|")) << outcomes;
  if (outcomes.find("promoted|") == std::string::npos) {
    EXPECT_EQ(Outcome(b), "promoted|") << "each saw the other, and asked again alone it goes";
  }
}

//   a (primary) <-(nothing gets through)- b
//               <------------------------ c
TEST_F(Promote, IsRefusedWhileAnotherStandbyStreamsAlthoughTheOwnLinkIsCut) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  Proxy to_a(a.port());
  // So that the question to it tells nothing either.
  a.Sql("SELECT baton.unregister_node('a')");
  b.Configure("wal_receiver_timeout = 4s");
  StreamFrom(b, to_a.port());
  ASSERT_TRUE(
      Becomes(b, "streaming", "ok", fmt::format("streaming from 127.0.0.1:{}", to_a.port())));
  WaitForReplay(a, b);
  WaitForReplay(a, c);

  to_a.Swallow();

  ASSERT_TRUE(Eventually([&] { return Check(b, "primary_alive").starts_with("unknown|"); }))
      << Check(b, "primary_alive");
  EXPECT_THAT(Outcome(b), ContainsRegex("^refused\\|primary_seen: standby \"c\" streams from "));
}

//   a (killed) <-/- b, which has missed some WAL         archive, which has it
TEST_F(Promote, ReplaysWhatOnlyTheArchiveHas) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  const fs::path archive = cluster_.directory() / "archive";
  fs::create_directory(archive);
  a.Configure(
      fmt::format("archive_mode = on\narchive_command = 'cp %p {0}/%f.part && "
                  "mv {0}/%f.part {0}/%f'",
                  archive.string()));
  a.Restart();
  const std::string bring = fmt::format("cp {}/%f %p", archive.string());
  Set(b, "restore_command", WhenAsked(bring));
  StreamFrom(b, 1);
  ASSERT_TRUE(Returns(b, "SELECT state FROM baton.node_status", "not receiving"));
  EXPECT_EQ(Check(b, "archive_wal"), "ok|the archive has nothing beyond what is here");
  a.Sql("CREATE TABLE t ()");
  const std::string segment = a.Sql("SELECT pg_walfile_name(pg_switch_wal())");
  ASSERT_TRUE(Eventually([&] { return fs::exists(archive / segment); }));
  a.Kill();

  EXPECT_EQ(Check(b, "archive_wal"),
            "warning|segment " + segment +
                " is in the archive; it is replayed before the promotion ends");
  Set(b, "restore_command", bring);
  EXPECT_EQ(Outcome(b), "promoted|");

  EXPECT_EQ(b.Sql("SELECT to_regclass('t')"), "t");
}

TEST_F(Promote, IsRefusedWhenTheArchiveHasANewerTimeline) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  const fs::path archive = cluster_.directory() / "archive";
  fs::create_directory(archive);
  Set(b, "restore_command", WhenAsked(fmt::format("cp {}/%f %p", archive.string())));
  a.Kill();
  ASSERT_THAT(Check(b, "archive_wal"), StartsWith("ok|"));

  std::ofstream(archive / "00000002.history") << "1\t0/3000000\tno recovery target specified\n";

  EXPECT_EQ(Outcome(b),
            "refused|archive_wal: the archive has timeline 2: another server was promoted");
}

TEST_F(Promote, DoesNotWaitForAnArchiveThatHangs) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  const fs::path pids = cluster_.directory() / "pids";
  Set(b, "restore_command",
      WhenAsked(fmt::format("sh -c 'echo $$ >> {}; sleep 600' & sleep 600", pids.string())));
  a.Kill();

  EXPECT_EQ(Check(b, "archive_wal"),
            "unknown|restore_command did not tell whether there is more: no answer within 1.0 s");

  std::ifstream file(pids);
  int count = 0;
  for (pid_t pid = 0; file >> pid; ++count) {
    EXPECT_TRUE(Eventually([pid] { return kill(pid, 0) != 0; })) << "its children end with it";
  }
  EXPECT_EQ(count, 2) << "one for the segment, one for the history";
  for (const auto& entry : fs::directory_iterator(b.data() / "pg_baton")) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(StartsWith("archived")));
  }
  EXPECT_EQ(Outcome(b), "promoted|");
}

//   a (killed) <-/- b            c (primary, timeline 2)
TEST_F(Promote, IsRefusedWhenAnotherIsOnANewerTimeline) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  Set(b, "pg_baton.follow_primary", "off");
  a.Kill();
  ASSERT_TRUE(Eventually([&] { return Outcome(c) == "promoted|"; }));

  EXPECT_EQ(Outcome(b),
            "refused|primary_alive: node \"c\" answers as primary on timeline 2; "
            "newer_reign: node \"c\" holds timeline 2, and this standby is on 1");
}

TEST_F(Promote, TellsWhatBecomesOfTheSynchronousStandbys) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);

  EXPECT_EQ(Check(b, "synchronous_standbys"), "ok|no commit will wait for a standby");
  Set(b, "synchronous_standby_names", "ANY 1 (b, c)");

  EXPECT_EQ(Check(b, "synchronous_standbys"),
            "warning|synchronous_standby_names names this node: it becomes ANY 1 (c)");
}

// The registry has an address at which another node is.
TEST_F(Promote, TakesNoAnswerOfAnotherNodeForTheRightOne) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  RegisterAt(a, "d", c.port());
  ASSERT_TRUE(Becomes(b, "peers", "warning"));
  a.Kill();
  ASSERT_TRUE(Eventually([&] { return Check(b, "primary_seen").starts_with("ok"); }));

  EXPECT_THAT(Check(b, "primary_alive"),
              ContainsRegex("^unknown\\|.*\"d\": the server at this address is node \"c\""));
}

}  // namespace
}  // namespace baton::test
