// A standby that is pointed to another upstream by a person, in SQL and from the shell.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

//   a (primary) <--- b
//               <--- c
class Following : public Scenario {
 protected:
  Following()
      : a_(cluster_.InitPrimary("a", kQuick)),
        b_(cluster_.Clone("b", a_)),
        c_(cluster_.Clone("c", a_)) {
    WaitUntilAllSeeEachOther();
  }

  void WaitUntilAllSeeEachOther() {
    for (const Node* const node : {&a_, &b_, &c_}) {
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable", "3"));
    }
    WaitForReplay(a_, b_);
    WaitForReplay(a_, c_);
  }
  static std::string Follow(const Node& standby, const std::string& node,
                            const std::string& more = "") {
    return standby.Rows(
        fmt::format("SELECT outcome, reason FROM baton.follow('{}'{})", node, more));
  }
  static std::string Check(const Node& standby, const std::string& node, const std::string& check) {
    return standby.Rows(fmt::format(
        "SELECT status, message, hint FROM baton.follow_check('{}') WHERE check_name = '{}'", node,
        check));
  }
  static testing::AssertionResult Streams(const Node& standby, const Node& upstream) {
    return Returns(standby, "SELECT state, upstream FROM baton.node_status",
                   "streaming|" + upstream.name());
  }
  static std::string Upstream(const Node& standby) {
    return standby.Rows(
        "SELECT current_setting('primary_conninfo'), current_setting('primary_slot_name')");
  }
  static std::string Slots(const Node& node) {
    return node.Rows("SELECT slot_name, active FROM pg_replication_slots ORDER BY slot_name");
  }
  static std::string Events(const Node& node, const std::string& kind) {
    return node.Rows(fmt::format(
        "SELECT message, detail FROM baton.events WHERE kind = '{}' ORDER BY event_id", kind));
  }
  static testing::AssertionResult Outcome(const Node& node, const std::string& outcome) {
    return Returns(node, "SELECT outcome FROM baton.requests LIMIT 1", outcome);
  }
  // What is written on the primary now comes to be on this standby.
  void ExpectWritesToArrive(const Node& standby) {
    a_.Sql("CREATE TABLE IF NOT EXISTS t (n int)");
    a_.Sql("INSERT INTO t SELECT 1");
    WaitForReplay(a_, standby);
  }
  // Of b and c, without their primary: the one that has no less than the other, and the other.
  std::pair<Node*, Node*> WhoHasMore() {
    for (const Node* const node : {&b_, &c_}) {
      EXPECT_TRUE(Returns(*node, "SELECT state FROM baton.node_status", "not receiving"));
    }
    const auto end = [](const Node& node) {
      return std::stoll(
          node.Sql("SELECT GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'"));
    };
    if (end(b_) >= end(c_)) return {&b_, &c_};
    return {&c_, &b_};
  }
  HelperResult FollowByHelper(const Node& standby, const std::string& node,
                              const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"follow",
                                          node,
                                          "-h",
                                          "127.0.0.1",
                                          "-p",
                                          std::to_string(standby.port()),
                                          "--passfile=" + cluster_.passfile().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  // The first line that fits counts.
  static void BeginAccess(const Node& node, const std::string& line) {
    const fs::path file = node.data() / "pg_hba.conf";
    std::ifstream before(file);
    const std::string lines{std::istreambuf_iterator<char>(before), {}};
    std::ofstream(file) << line << "\n" << lines;
    node.Sql("SELECT pg_reload_conf()");
  }

  Node& a_;
  Node& b_;
  Node& c_;
};

//   a <--- b            a <--- b <--- c            a <--- b
//     <--- c                                         <--- c
TEST_F(Following, GoesBehindAnotherStandbyAndBackWithoutARestart) {
  const int postmaster = c_.Postmaster();

  EXPECT_EQ(Follow(c_, "b"), "done|");

  EXPECT_TRUE(Streams(c_, b_));
  ExpectWritesToArrive(c_);
  EXPECT_EQ(Slots(b_), "c|t");
  EXPECT_EQ(Slots(a_), "b|t") << "nobody holds back WAL there for c";
  EXPECT_EQ(c_.Rows("SELECT kind, node, outcome, reason, finished_at IS NOT NULL"
                    " FROM baton.requests"),
            "follow|b|done||t");
  EXPECT_TRUE(Returns(c_, "SELECT message FROM baton.events WHERE kind = 'request'",
                      "follow b requested by postgres: done"));
  EXPECT_TRUE(Returns(c_, "SELECT message, detail FROM baton.events WHERE kind = 'upstream'",
                      "follows b now|It followed a."));
  EXPECT_TRUE(
      Returns(a_, "SELECT reason FROM baton.standbys WHERE name = 'c'", "it streams from b"));

  EXPECT_EQ(Follow(c_, "a"), "done|");

  EXPECT_TRUE(Streams(c_, a_));
  ExpectWritesToArrive(c_);
  EXPECT_EQ(Slots(a_), "b|t\nc|t");
  EXPECT_EQ(Slots(b_), "");
  EXPECT_THAT(Upstream(c_), HasSubstr(fmt::format("port='{}'", a_.port())));
  EXPECT_EQ(c_.Postmaster(), postmaster);
  EXPECT_EQ(Events(c_, "follow"), "") << "nothing was done by itself";
}

TEST_F(Following, TakesASlotThatIsThereAlready) {
  b_.Sql("SELECT pg_create_physical_replication_slot('c', true)");

  EXPECT_EQ(Follow(c_, "b"), "done|");
  EXPECT_EQ(Follow(c_, "b"), "done|") << "and again, where it is";

  EXPECT_TRUE(Streams(c_, b_));
  EXPECT_EQ(Slots(b_), "c|t");
}

//   a <--- b <--- c            a (dead)    b (primary) <--- c
TEST_F(Following, AStandbyBehindTheOneThatIsPromotedStaysThere) {
  ASSERT_EQ(Follow(c_, "b"), "done|");
  WaitUntilAllSeeEachOther();

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  EXPECT_TRUE(
      Returns(c_, "SELECT state, upstream, timeline FROM baton.node_status", "streaming|b|2"));
  EXPECT_EQ(Events(c_, "follow"), "");
}

//   a <--- b <--- c            a (dead) <--- b (dead)    c
TEST_F(Following, AfterAPromotionTheAutomaticFollowingGoesOn) {
  Node& d = cluster_.Clone("d", a_);
  ASSERT_EQ(Follow(c_, "b"), "done|");
  for (const Node* const node : {&c_, &d}) {
    EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable", "4"));
  }

  b_.Kill();
  a_.Kill();
  ASSERT_TRUE(Returns(d, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(d.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  EXPECT_TRUE(
      Returns(c_, "SELECT state, upstream, timeline FROM baton.node_status", "streaming|d|2"));
  EXPECT_THAT(Events(c_, "follow"), HasSubstr("follows d now, by itself|"));
}

//   a <--- b            a (dead)    b (primary, timeline 2) <--- c
//     <--- c
TEST_F(Following, GoesToANewPrimaryWhereTheAutomaticFollowingIsOff) {
  for (const Node* const node : {&b_, &c_}) {
    node->Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
    node->Sql("SELECT pg_reload_conf()");
  }
  a_.Kill();
  const auto [upstream, standby] = WhoHasMore();
  ASSERT_EQ(upstream->Sql("SELECT outcome FROM baton.promote()"), "promoted");

  EXPECT_THAT(Check(*standby, upstream->name(), "node_timeline"),
              ContainsRegex("^ok\\|timeline 2 left ours at [0-9A-F]+/[0-9A-F]+, which is still to "
                            "come here\\|$"));
  EXPECT_THAT(Follow(*standby, upstream->name()),
              HasSubstr(fmt::format("done|replication slot \"{}\" of node \"a\" could not be "
                                    "dropped: ",
                                    standby->name())));
  EXPECT_TRUE(Returns(*standby, "SELECT state, upstream, timeline FROM baton.node_status",
                      fmt::format("streaming|{}|2", upstream->name())));
}

TEST_F(Following, IsRefusedWithReasonsWhereItCannotBe) {
  const std::string before = Upstream(c_);

  EXPECT_EQ(Follow(a_, "b"), "refused|is_standby: this server is a primary, and follows nobody");
  EXPECT_EQ(Follow(c_, "c"), "refused|node_known: node \"c\" is this node itself");
  EXPECT_EQ(Follow(c_, "nobody"), "refused|node_known: node \"nobody\" is not registered");
  EXPECT_EQ(c_.SqlError("SELECT baton.follow('No Node')"), "invalid node name \"No Node\"");
  EXPECT_EQ(c_.SqlError("SELECT baton.follow('b', timeout => '-1 s')"),
            "timeout must be greater than zero, and not be given in months");

  EXPECT_EQ(Upstream(c_), before);
  EXPECT_EQ(Slots(b_), "");
  EXPECT_EQ(c_.Rows("SELECT node, outcome FROM baton.requests ORDER BY request_id"),
            "c|refused\nnobody|refused");
  EXPECT_TRUE(Returns(c_,
                      "SELECT message, detail FROM baton.events WHERE kind = 'request'"
                      " ORDER BY event_id LIMIT 1",
                      "follow c requested by postgres: refused|node_known: node \"c\" is this "
                      "node itself"));
}

//   a <--- b <--- c
TEST_F(Following, IsRefusedInACircle) {
  ASSERT_EQ(Follow(c_, "b"), "done|");

  EXPECT_THAT(Follow(b_, "c"), HasSubstr("no_circle: node \"c\" follows this node itself"));

  Node& d = cluster_.Clone("d", a_);
  EXPECT_TRUE(Returns(d, "SELECT count(*) FROM baton.cluster WHERE reachable", "4"));
  EXPECT_TRUE(Returns(c_, "SELECT count(*) FROM baton.node", "4"));
  ASSERT_EQ(Follow(d, "c"), "done|");
  EXPECT_THAT(Follow(b_, "d"),
              HasSubstr("no_circle: node \"d\" gets its WAL from this node, by way of \"c\""));
  EXPECT_TRUE(Streams(b_, a_));
}

TEST_F(Following, IsRefusedWhereTheNodeDoesNotAnswerOrIsAnother) {
  const std::string before = Upstream(c_);
  b_.Stop();
  EXPECT_THAT(Follow(c_, "b"), HasSubstr("node_answers: node \"b\" does not answer: "));

  Cluster elsewhere;
  Node& stranger = elsewhere.InitPrimary("x");
  RegisterAt(a_, "x", stranger.port());
  WaitForReplay(a_, c_);
  EXPECT_TRUE(Returns(c_, "SELECT count(*) FROM baton.node", "4"));
  EXPECT_THAT(Follow(c_, "x"), HasSubstr("node_answers: node \"x\" cannot be asked: "));

  EXPECT_EQ(Upstream(c_), before);
}

TEST_F(Following, IsRefusedWhereThereIsNoRoom) {
  b_.Configure("max_replication_slots = 1");
  b_.Restart();
  b_.Sql("SELECT pg_create_physical_replication_slot('other')");
  EXPECT_TRUE(Returns(c_, "SELECT reachable FROM baton.cluster WHERE name = 'b'", "t"));
  EXPECT_THAT(Follow(c_, "b"),
              HasSubstr("node_slots: all 1 replication slots of node \"b\" are in use"));

  b_.Sql("SELECT pg_drop_replication_slot('other')");
  b_.Sql("SELECT pg_create_physical_replication_slot('c')");
  BeginAccess(b_, "host replication baton_node 127.0.0.1/32 reject");
  EXPECT_TRUE(Eventually([&] {
    return Check(c_, "b", "node_standby_login").starts_with("critical|node \"b\" does not let");
  }));
  EXPECT_EQ(Check(c_, "b", "node_slots"),
            "ok|node \"b\" has a replication slot for this node already|");
  EXPECT_TRUE(Streams(c_, a_));
}

TEST_F(Following, IsRefusedWhereTheRoleMayNotOrReplayIsPaused) {
  c_.Sql("SELECT pg_wal_replay_pause()");
  EXPECT_TRUE(Returns(c_, "SELECT pg_get_wal_replay_pause_state()", "paused"));
  EXPECT_THAT(Follow(c_, "b"), HasSubstr("replay_paused: replay is paused"));
  c_.Sql("SELECT pg_wal_replay_resume()");

  a_.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
  WaitForReplay(a_, c_);
  auto reader = c_.Connect("postgres", "reader");
  EXPECT_EQ(reader.Query("SELECT count(*) > 10 FROM baton.follow_check('b')").Text(0, 0), "t");
  try {
    reader.Query("SELECT baton.follow('b')");
    ADD_FAILURE() << "a member of pg_monitor may follow";
  } catch (const core::Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("permission denied for function follow"));
  }
}

//   a <--- b (ahead)
//     <--- c (behind)
TEST_F(Following, IsRefusedBehindAStandbyThatIsBehindAndReceivesNothing) {
  c_.Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
  c_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(c_, "SELECT state FROM baton.node_status", "not receiving"));
  a_.Sql("CREATE TABLE only_on_b ()");
  WaitForReplay(a_, b_);

  EXPECT_THAT(Follow(b_, "c"), ContainsRegex("node_position: node \"c\" has WAL up to "
                                             "[0-9A-F]+/[0-9A-F]+, and this standby up to "
                                             "[0-9A-F]+/[0-9A-F]+"));

  EXPECT_TRUE(Streams(b_, a_));
  EXPECT_EQ(Slots(c_), "");
}

//   a (primary) <--- b            a (dead)    b (primary, timeline 2)
//               <--- c                        c (further ahead, timeline 1)
TEST_F(Following, IsRefusedBeyondTheForkAndOnAnOlderTimeline) {
  c_.Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
  c_.Sql("SELECT pg_reload_conf()");
  Node& d = cluster_.Clone("d", a_);
  for (const Node* const node : {&d, &b_}) {
    EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.node", "4"));
    node->Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
    node->Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(Returns(*node, "SELECT state FROM baton.node_status", "not receiving"));
  }
  a_.Sql("CREATE TABLE only_on_c ()");
  WaitForReplay(a_, c_);
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_TRUE(Returns(d, "SELECT timeline FROM baton.node_status", "2"));

  EXPECT_THAT(Follow(c_, "b"),
              ContainsRegex("node_timeline: node \"b\" left our history at [0-9A-F]+/[0-9A-F]+, "
                            "and this standby has WAL up to [0-9A-F]+/[0-9A-F]+"));
  EXPECT_THAT(Check(c_, "b", "node_timeline"), HasSubstr("|It has to be brought back while it is "
                                                         "stopped: by pg_baton rejoin, or where "
                                                         "that refuses by pg_baton clone."));
  EXPECT_THAT(Follow(d, "c"), HasSubstr("node_timeline: node \"c\" is on timeline 1, and this "
                                        "standby on 2 already"));
}

//   a <--- b, the one that commits wait for
//     <--- c
TEST_F(Following, IsRefusedWhereCommitsWouldWaitForEver) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'c'");
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(a_, "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'c'",
                      "sync"));
  EXPECT_THAT(Follow(c_, "b"), HasSubstr("sync_standbys: commits on the primary wait for this "
                                         "standby, and would wait for ever"));

  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (b, c)'");
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(
      Returns(a_, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'", "2"));
  EXPECT_EQ(Follow(c_, "b"), "done|");
  a_.Sql("CREATE TABLE t ()");
}

//   a <--- b (its receiver stands still)            a <--- b <--- c
//     <--- c
TEST_F(Following, WaitsUntilTheNodeHasWhatThisStandbyHas) {
  b_.Hang("walreceiver");
  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, c_);

  EXPECT_EQ(Follow(c_, "b", ", wait => false"), "requested|");
  EXPECT_TRUE(Outcome(c_, "running"));
  EXPECT_TRUE(Returns(b_, "SELECT slot_name FROM pg_replication_slots", "c"));
  EXPECT_TRUE(Streams(c_, a_)) << "as long as it has to wait";
  EXPECT_EQ(c_.SqlError("SELECT baton.follow('b')"), "");
  b_.GoOn();

  EXPECT_TRUE(Outcome(c_, "refused"));
  EXPECT_TRUE(Returns(c_, "SELECT outcome FROM baton.requests WHERE request_id = 1", "done"));
  EXPECT_TRUE(Streams(c_, b_));
}

//   a <--- b (its receiver stands still)            a <--- b
//     <--- c                                          <--- c
TEST_F(Following, ChangesNothingWhereTheNodeDoesNotCatchUpInTime) {
  const std::string before = Upstream(c_);
  b_.Hang("walreceiver");
  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, c_);

  EXPECT_THAT(Follow(c_, "b", ", timeout => '1 s'"),
              MatchesRegex("failed\\|node \"b\" has not received within 1.0 s what this standby "
                           "has, up to [0-9A-F]+/[0-9A-F]+; nothing was changed"));

  EXPECT_EQ(Upstream(c_), before);
  EXPECT_EQ(Slots(b_), "");
  EXPECT_EQ(Slots(a_), "b|t\nc|t");
  b_.GoOn();
}

//   a <--- b (stopped)            a <--- b
//     <--- c                        <--- c
TEST_F(Following, GoesBackWhereTheNodeStandsStill) {
  const std::string before = Upstream(c_);
  // So that b stands still in the moment between.
  c_.Hang("startup");
  EXPECT_EQ(Follow(c_, "b", ", wait => false, timeout => '4 s'"), "requested|");
  ASSERT_TRUE(Returns(c_,
                      "SELECT setting LIKE '%port=''' || " + std::to_string(b_.port()) +
                          " || '''%' FROM pg_settings WHERE name = 'primary_conninfo'",
                      "t"));
  b_.Hang();
  c_.GoOn();

  EXPECT_TRUE(Outcome(c_, "failed"));
  EXPECT_THAT(c_.Sql("SELECT reason FROM baton.requests"),
              AllOf(HasSubstr("this standby did not stream from node \"b\" within 4.0 s"),
                    HasSubstr("; it follows node \"a\" again; replication slot \"c\" of node \"b\" "
                              "could not be dropped: it does not answer; drop it there by "
                              "pg_drop_replication_slot('c'), or it holds back WAL")));
  EXPECT_TRUE(Streams(c_, a_));
  EXPECT_EQ(Upstream(c_), before);
  ExpectWritesToArrive(c_);
  b_.GoOn();
  EXPECT_THAT(c_.Log(), HasSubstr("WARNING:  could not follow node \"b\""));
}

//   a <--- b (killed)            a
//     <--- c                       <--- c
TEST_F(Following, GoesBackWhereTheNodeDies) {
  const std::string before = Upstream(c_);
  c_.Hang("startup");
  EXPECT_EQ(Follow(c_, "b", ", wait => false, timeout => '3 s'"), "requested|");
  ASSERT_TRUE(Returns(c_,
                      "SELECT setting LIKE '%port=''' || " + std::to_string(b_.port()) +
                          " || '''%' FROM pg_settings WHERE name = 'primary_conninfo'",
                      "t"));
  b_.Kill();
  c_.GoOn();

  EXPECT_TRUE(Outcome(c_, "failed"));
  EXPECT_TRUE(Streams(c_, a_));
  EXPECT_EQ(Upstream(c_), before);
  ExpectWritesToArrive(c_);
}

//   a <--- b            a (dead)    b (primary)    c (primary?)
TEST_F(Following, GivesWayToAPromotion) {
  b_.Hang("walreceiver");
  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, c_);
  ASSERT_EQ(Follow(c_, "b", ", wait => false"), "requested|");
  ASSERT_TRUE(Outcome(c_, "running"));
  ASSERT_TRUE(Returns(b_, "SELECT slot_name FROM pg_replication_slots", "c"));

  a_.Kill();
  ASSERT_TRUE(Returns(c_, "SELECT state FROM baton.node_status", "not receiving"));
  EXPECT_EQ(c_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  b_.GoOn();

  EXPECT_TRUE(Returns(c_, "SELECT kind, outcome, reason FROM baton.requests WHERE request_id = 1",
                      "follow|failed|this server is promoted meanwhile"));
}

TEST_F(Following, SaysSoWhereNoWorkerCanBeStarted) {
  // As few as its primary has, and all of them taken by those that are always there.
  for (Node* const node : {&a_, &c_}) {
    node->Sql("ALTER SYSTEM SET max_worker_processes = 5");
    node->Restart();
    EXPECT_TRUE(Streams(c_, a_));
    WaitForReplay(a_, c_);
  }
  WaitUntilAllSeeEachOther();

  EXPECT_EQ(Follow(c_, "b"),
            "failed|no worker could be started for it: all of max_worker_processes are taken; "
            "nothing was changed");

  EXPECT_TRUE(Streams(c_, a_));
  EXPECT_EQ(Slots(b_), "");
}

//   a <--- b            a <--- b <--- c
//     <--- c
TEST_F(Following, GoesOnWhenItsWorkerEnds) {
  b_.Hang("walreceiver");
  a_.Sql("CREATE TABLE t ()");
  WaitForReplay(a_, c_);
  ASSERT_EQ(Follow(c_, "b", ", wait => false"), "requested|");
  ASSERT_TRUE(Outcome(c_, "running"));

  const int worker = c_.AwaitProcess("pg_baton follow");
  SendSignal(worker, SIGTERM);
  EXPECT_TRUE(Eventually([&] {
    const int now = c_.ProcessPid("pg_baton follow");
    return now != 0 && now != worker;
  }));
  b_.GoOn();

  EXPECT_TRUE(Outcome(c_, "done"));
  EXPECT_TRUE(Streams(c_, b_));
  EXPECT_EQ(Slots(a_), "b|t");
}

//   a (dead) <--- b            a (dead)    b <--- c
//            <--- c
TEST_F(Following, NamesTheSlotThatIsLeftOnAFormerUpstreamThatIsGone) {
  a_.Kill();
  ASSERT_TRUE(Returns(c_, "SELECT reachable FROM baton.cluster WHERE name = 'a'", "f"));
  ASSERT_TRUE(Returns(b_, "SELECT reachable FROM baton.cluster WHERE name = 'a'", "f"));
  const auto [first, second] = WhoHasMore();
  Node& upstream = *first;
  Node& standby = *second;

  EXPECT_THAT(Follow(standby, upstream.name()),
              MatchesRegex(fmt::format("done\\|replication slot \"{0}\" of node \"a\" could not be "
                                       "dropped: .*; drop it there by "
                                       "pg_drop_replication_slot\\('{0}'\\), or it holds back WAL",
                                       standby.name())));
  EXPECT_TRUE(Streams(standby, upstream));
}

//   a <--- b            a <--- b <--- c
//     <--- c
TEST_F(Following, TheHelperDoesTheSame) {
  const HelperResult planned = FollowByHelper(c_, "b", {"--dry-run"});
  EXPECT_EQ(planned.exit_code, 0) << planned.output;
  EXPECT_THAT(planned.output, HasSubstr("node \"c\" would follow node \"b\" in place of \"a\"\n"));
  EXPECT_EQ(c_.Sql("SELECT count(*) FROM baton.requests"), "0");
  EXPECT_EQ(Slots(b_), "");

  const HelperResult refused = FollowByHelper(c_, "c", {"--dry-run"});
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("pg_baton: error: node_known: node \"c\" is this node "
                                        "itself\npg_baton: hint: Name the node that this one is "
                                        "to follow.\n"));

  const HelperResult done = FollowByHelper(c_, "b");
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("node \"c\" follows node \"b\" in place of \"a\"\n"));
  EXPECT_THAT(done.output, Not(HasSubstr("warning")));
  EXPECT_TRUE(Streams(c_, b_));

  const HelperResult circle = FollowByHelper(b_, "c");
  EXPECT_EQ(circle.exit_code, 3) << circle.output;
  EXPECT_THAT(circle.output,
              HasSubstr("pg_baton: error: the change of the upstream was refused\n"
                        "pg_baton: detail: no_circle: node \"c\" follows this node itself\n"
                        "pg_baton: hint: See \"SELECT * FROM baton.follow_check('c')\" on node "
                        "\"b\".\n"));
}

TEST_F(Following, TheHelperSaysInJsonWhatCameOfIt) {
  const HelperResult done = FollowByHelper(c_, "b", {"--format=json"});
  ASSERT_EQ(done.exit_code, 0) << done.output;
  const json result = json::parse(done.output);
  EXPECT_EQ(result["ok"], true);
  EXPECT_EQ(result["node"], "c");
  EXPECT_EQ(result["upstream"], "b");
  EXPECT_EQ(result["former_upstream"], "a");
  EXPECT_EQ(result["outcome"], "done");
  EXPECT_TRUE(result["reason"].is_null());
  EXPECT_GT(result["checks"].size(), 10U);

  b_.Hang("walreceiver");
  a_.Sql("CREATE TABLE t ()");
  const HelperResult back = FollowByHelper(c_, "a", {"--format=json"});
  EXPECT_EQ(back.exit_code, 0) << back.output;
  WaitForReplay(a_, c_);
  const HelperResult failed = FollowByHelper(c_, "b", {"--format=json", "--timeout=1"});
  b_.GoOn();
  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  const json failure = json::parse(failed.json());
  EXPECT_EQ(failure["outcome"], "failed");
  EXPECT_THAT(failure["reason"].get<std::string>(), HasSubstr("nothing was changed"));

  EXPECT_EQ(FollowByHelper(c_, "b", {"--timeout=0"}).exit_code, 2);
  EXPECT_EQ(FollowByHelper(c_, "B!").exit_code, 2);
}

}  // namespace
}  // namespace baton::test
