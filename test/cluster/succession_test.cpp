// What follows from a promotion, on the new primary and on the other standbys.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class Succession : public Scenario {
 protected:
  Succession() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {}

  // A standby of a standby; the upstream has no slot for it, since clone made that on the primary.
  Node& CloneBehind(const std::string& name, Node& upstream) {
    Node& node = cluster_.Clone(name, a_);
    upstream.Sql(fmt::format("SELECT pg_create_physical_replication_slot('{}', true)", name));
    StreamFrom(node, upstream.port());
    EXPECT_TRUE(Returns(node, "SELECT state, upstream FROM baton.node_status",
                        "streaming|" + upstream.name()));
    a_.Sql(fmt::format("SELECT pg_drop_replication_slot('{}')", name));
    return node;
  }
  // Nobody promotes before all of them know each other.
  void WaitUntilAllSeeEachOther(const std::vector<const Node*>& nodes) {
    for (const Node* const node : nodes) {
      // A node that is down, and registered all the same, does not count.
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable",
                          std::to_string(nodes.size())));
      EXPECT_TRUE(Returns(*node, "SELECT node, timeline FROM baton.reign", "a|1"));
    }
    for (const Node* const node : nodes) {
      if (node != &a_) WaitForReplay(a_, *node);
    }
  }
  static std::string StartedAt(const Node& node) {
    return node.Rows("SELECT pg_postmaster_start_time(), pg_backend_pid() > 0");
  }
  static std::string Events(const Node& node, const std::string& kind) {
    return node.Rows(fmt::format(
        "SELECT message, detail FROM baton.events WHERE kind = '{}' ORDER BY event_id", kind));
  }

  Node& a_;
  Node& b_;
};

constexpr const char* kFollowing = "SELECT state, upstream, timeline FROM baton.node_status";

//   a (primary) <--- b            a (dead)    b (primary) <--- c
//               <--- c
TEST_F(Succession, TheOtherStandbyFollowsTheNewPrimaryWithoutARestart) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  const int postmaster = c.Postmaster();
  const std::string started = StartedAt(c);
  const std::string user = c.Sql(
      "SELECT substring(setting FROM 'user=\\S+') FROM pg_settings WHERE"
      " name = 'primary_conninfo'");

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Rows("SELECT outcome, timeline FROM baton.promote()"), "promoted|2");
  b_.Sql("CREATE TABLE t AS SELECT 1 AS n");

  ASSERT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
  EXPECT_TRUE(Returns(c, "SELECT n FROM t", "1"));
  EXPECT_EQ(c.Postmaster(), postmaster);
  EXPECT_EQ(StartedAt(c), started);
  EXPECT_EQ(b_.Rows("SELECT slot_name, active FROM pg_replication_slots"), "c|t")
      << "and none for a, which would hold back WAL";
  EXPECT_EQ(b_.Sql("SELECT timeline_id FROM pg_control_checkpoint()"), "2");
  EXPECT_EQ(b_.Rows("SELECT node, timeline, began_lsn IS NOT NULL, former_primary, forced,"
                    " missing_bytes >= 0, reasons FROM baton.reign ORDER BY timeline"),
            "a|1|f||f||\nb|2|t|a|f|t|");
  EXPECT_THAT(Events(b_, "promotion"),
              ContainsRegex("^this node is the primary on timeline 2 from [0-9A-F]+/[0-9A-F]+ on\\|"
                            "former primary a; .* known to be missing\n"
                            "made a replication slot for c\\|$"));
  EXPECT_THAT(Events(c, "follow"),
              ContainsRegex("^follows b now, by itself\\|it is the primary on timeline 2 from "
                            "[0-9A-F]+/[0-9A-F]+ on; it followed a$"));
  EXPECT_THAT(user, HasSubstr("baton_node"));
  EXPECT_THAT(c.Sql("SHOW primary_conninfo"), HasSubstr("user='baton_node'"));
  EXPECT_EQ(c.Sql("SHOW primary_slot_name"), "c");
  EXPECT_EQ(b_.Rows("SELECT reign <> '', reign_began IS NOT NULL, primary_name, primary_timeline,"
                    " primary_alive FROM baton.self_report(false)"),
            "t|t|b|2|t");
  EXPECT_TRUE(Returns(c,
                      "SELECT primary_name, primary_timeline, primary_alive"
                      " FROM baton.self_report(false)",
                      "b|2|t"));
  EXPECT_TRUE(Becomes(c, "timeline", "ok", "on timeline 2, as its upstream"));
}

//   a (primary) <--- b            a (dead)    b (primary) <--- c
//               <--- c
TEST_F(Succession, IsTheSameWhoeverPromotes) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});

  a_.Kill();
  RunOrFail({Cluster::Program("pg_ctl"), "promote", "-w", "-D", b_.data()});

  ASSERT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
  EXPECT_TRUE(Returns(b_, "SELECT slot_name, active FROM pg_replication_slots", "c|t"));
  EXPECT_TRUE(Returns(b_, "SELECT timeline_id FROM pg_control_checkpoint()", "2"));
  EXPECT_TRUE(
      Returns(b_, "SELECT former_primary, forced FROM baton.reign WHERE timeline = 2", "a|f"));
}

//   a (primary) <--- b <--- c     a (dead)    b (primary) <--- c
TEST_F(Succession, AStandbyOfTheNewPrimaryStaysWhereItIs) {
  Node& c = CloneBehind("c", b_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  const std::string conninfo = c.Sql("SHOW primary_conninfo");

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  ASSERT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
  EXPECT_EQ(c.Sql("SHOW primary_conninfo"), conninfo);
  EXPECT_EQ(Events(c, "follow"), "");
  EXPECT_EQ(b_.Rows("SELECT slot_name, active FROM pg_replication_slots"), "c|t");
}

//   a (primary) <--- b <--- c     a (dead)    d (primary) <--- b <--- c
//               <--- d
TEST_F(Succession, AStandbyOfAStandbyStaysBehindItWhenThatOneFollows) {
  Node& c = CloneBehind("c", b_);
  Node& d = cluster_.Clone("d", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c, &d});

  a_.Kill();
  ASSERT_TRUE(Returns(d, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(d.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  ASSERT_TRUE(Returns(b_, kFollowing, "streaming|d|2"));
  d.Sql("CREATE TABLE t ()");
  ASSERT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
  EXPECT_TRUE(Returns(c, "SELECT count(*) FROM t", "0"));
  EXPECT_EQ(Events(c, "follow"), "");
  EXPECT_TRUE(Returns(c,
                      "SELECT primary_name, primary_timeline, primary_alive"
                      " FROM baton.self_report(false)",
                      "d|2|t"));
}

//   a (primary) <--- b            a (dead)    b (primary)
//               <--- c                        c (further ahead)
TEST_F(Succession, AStandbyThatIsAheadOfTheForkStaysAndSaysSo) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  // It receives nothing more, and knows nothing of that.
  b_.Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
  b_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  a_.Sql("CREATE TABLE only_on_c ()");
  WaitForReplay(a_, c);
  const std::string conninfo = c.Sql("SHOW primary_conninfo");

  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_TRUE(Becomes(c, "timeline", "critical", "cannot follow b: it left our history at "));
  EXPECT_THAT(
      Events(c, "follow"),
      ContainsRegex("^cannot follow b: it left our history at [0-9A-F]+/[0-9A-F]+ and this "
                    "standby has WAL up to [0-9A-F]+/[0-9A-F]+\\|What it has beyond that is "
                    "on no primary; pg_baton clone makes it anew.$"))
      << "once";
  EXPECT_EQ(c.Sql("SHOW primary_conninfo"), conninfo);
  EXPECT_EQ(c.Sql("SELECT count(*) FROM only_on_c"), "0");
}

//   a (primary) <--- b            a (dead)    b (primary)
//               <--- c (paused)               c (further ahead, and has not replayed that)
TEST_F(Succession, WhatIsReceivedAndNotReplayedCountsToo) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  b_.Sql("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'");
  b_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  c.Sql("SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(Returns(c, "SELECT pg_get_wal_replay_pause_state()", "paused"));
  a_.Sql("CREATE TABLE only_on_c ()");
  const std::string lsn = a_.Sql("SELECT pg_current_wal_lsn()");
  ASSERT_TRUE(Returns(c, fmt::format("SELECT pg_last_wal_receive_lsn() >= '{}'", lsn), "t"));

  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_TRUE(Becomes(c, "timeline", "critical", "cannot follow b: it left our history at "));
  c.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(Returns(c, "SELECT count(*) FROM only_on_c", "0"));
}

//   a (primary) <--- b            a (dead)    b (primary)
//               <--- c                        c (has half of a record that nobody has whole)
TEST_F(Succession, HalfARecordBeyondTheForkIsNoHistoryOfItsOwn) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  // Under load the last thing that a standby gets from a dying primary is a part of a record.
  a_.Sql("CREATE TABLE big (t text)");
  const fs::path script = cluster_.directory() / "load.sql";
  std::ofstream file(script);
  for (int i = 0; i < 20000; ++i) {
    file << "INSERT INTO big SELECT repeat(md5(n::text), 50) FROM generate_series(1, 50) AS n;\n";
  }
  file.close();
  const pid_t load = Spawn({Cluster::Program("psql"), "-q", "-h", cluster_.directory().string(),
                            "-p", std::to_string(a_.port()), "-d", "postgres", "-f", script},
                           cluster_.directory() / "load.log");
  ASSERT_TRUE(Returns(c, "SELECT pg_relation_size('big') > 1000000", "t"));

  a_.Kill();
  WaitFor(load);
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_TRUE(Returns(c, "SELECT state FROM baton.node_status", "not receiving"));
  // The one that has more, as the promotion wants it.
  const auto end = [](const Node& node) {
    return node.Sql("SELECT GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'");
  };
  const bool b_has_more = std::stoll(end(b_)) >= std::stoll(end(c));
  Node& first = b_has_more ? b_ : c;
  Node& second = b_has_more ? c : b_;
  ASSERT_EQ(first.Rows("SELECT outcome, reason FROM baton.promote()"), "promoted|");

  EXPECT_TRUE(Returns(second, kFollowing, "streaming|" + first.name() + "|2"));
}

//   a (primary) <--- b            a (dead)    b (primary)
//               <--- c                        c
//               <--- d                        d (primary on the same timeline)
TEST_F(Succession, FollowsNeitherOfTwoNewPrimariesUntilOneIsLeft) {
  Node& c = cluster_.Clone("c", a_);
  Node& d = cluster_.Clone("d", a_);
  for (const Node* const node : {&c, &d}) {
    node->Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
    node->Sql("SELECT pg_reload_conf()");
  }
  WaitUntilAllSeeEachOther({&a_, &b_, &c, &d});
  a_.Kill();
  b_.Sql("SELECT pg_promote()");
  d.Sql("SELECT pg_promote()");
  ASSERT_TRUE(
      Returns(c, "SELECT name, timeline FROM baton.cluster WHERE role = 'primary' AND reachable",
              "b|2\nd|2"));

  c.Sql("ALTER SYSTEM RESET pg_baton.follow_primary");
  c.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(
      Becomes(c, "timeline", "critical", "cannot follow b: d is a primary on timeline 2 too"));
  EXPECT_EQ(Events(c, "follow"),
            "cannot follow b: d is a primary on timeline 2 too|Stop the one that should not be it; "
            "the other one is followed then.");

  d.Stop();
  EXPECT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
}

//   a (primary) <--- b            a (dead)    b (primary)
//               <--- c                        c
TEST_F(Succession, FollowsNobodyWhereThatIsOff) {
  Node& c = cluster_.Clone("c", a_);
  c.Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
  c.Sql("SELECT pg_reload_conf()");
  WaitUntilAllSeeEachOther({&a_, &b_, &c});
  const std::string conninfo = c.Sql("SHOW primary_conninfo");

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_TRUE(Returns(c, "SELECT role FROM baton.cluster WHERE name = 'b'", "primary"));
  ASSERT_TRUE(Returns(c, "SELECT count(*) FROM baton.check_now()", "1"));

  EXPECT_EQ(c.Sql("SHOW primary_conninfo"), conninfo);
  c.Sql("ALTER SYSTEM RESET pg_baton.follow_primary");
  c.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
}

//   a (primary) <--- b, synchronous            a (dead)    b (primary), no longer synchronous
TEST_F(Succession, ANewPrimaryDoesNotWaitForItself) {
  for (const Node* const node : {&a_, &b_}) {
    node->Sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'");
    node->Sql("SELECT pg_reload_conf()");
  }
  WaitUntilAllSeeEachOther({&a_, &b_});

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  b_.Sql("CREATE TABLE t ()");
  EXPECT_EQ(b_.Sql("SHOW synchronous_standby_names"), "");
  EXPECT_THAT(
      Events(b_, "promotion"),
      HasSubstr("took this node out of synchronous_standby_names|It was \"FIRST 1 (b)\" and "
                "is \"\" now."));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.reign WHERE timeline = 2"), "1");
}

//   a (primary) <--- b            a (dead)    b (primary, all slots taken)   c
//               <--- c
TEST_F(Succession, SaysWhichSlotItCouldNotMake) {
  cluster_.Clone("c", a_);
  b_.Configure("max_replication_slots = 1");
  b_.Restart();
  b_.Sql("SELECT pg_create_physical_replication_slot('other')");
  a_.Sql("DELETE FROM baton.node WHERE name = 'b'");
  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.node", "2"));

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.reign WHERE timeline = 2", "1"))
      << "what fails keeps nothing else waiting";
  EXPECT_THAT(Events(b_, "promotion"),
              HasSubstr("could not make a replication slot for c|All of max_replication_slots, 1, "
                        "are taken."));
  EXPECT_THAT(Events(b_, "promotion"),
              HasSubstr("this primary is not registered, so no other node can find it|"));
  EXPECT_THAT(b_.Log(), HasSubstr("WARNING:  this primary is not registered"));

  b_.Sql("SELECT pg_drop_replication_slot('other')");
  EXPECT_TRUE(Returns(b_, "SELECT slot_name FROM pg_replication_slots", "c"));
}

//   a (primary) <--- b            a (dead)    b (primary), its monitor killed meanwhile
TEST_F(Succession, GoesOnWhereAnEarlierMonitorEnded) {
  WaitUntilAllSeeEachOther({&a_, &b_});
  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.reign WHERE timeline = 2", "1"));
  const std::string reign = b_.Sql("SELECT reign FROM baton.self_report(false)");

  const int monitor = b_.WorkerPid();
  b_.Sql(fmt::format("SELECT pg_terminate_backend({})", monitor));
  ASSERT_TRUE(Eventually([&] {
    const int now = b_.WorkerPid();
    return now != 0 && now != monitor;
  }));
  EXPECT_TRUE(Becomes(b_, "monitor", "ok"));
  EXPECT_EQ(b_.Sql("SELECT reign FROM baton.self_report(false)"), reign);

  b_.Restart();
  EXPECT_TRUE(Returns(b_, "SELECT reign FROM baton.self_report(false)", reign))
      << "it is on record";
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.reign"), "2");
}

//   a (primary) <--- b            a (primary) --- clone ---> c        b (primary)
TEST_F(Succession, ACloneOfTheOldPrimaryEndsThereAndThenFollows) {
  Node& c = cluster_.Clone("c", a_);
  c.Stop();
  WaitUntilAllSeeEachOther({&a_, &b_});

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  c.Start();

  EXPECT_TRUE(Returns(c, kFollowing, "streaming|b|2"));
}

}  // namespace
}  // namespace baton::test
