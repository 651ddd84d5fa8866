// Failover judged by what a client was told that wrote all the time: to the string that finds the
// primary, and to each node directly.
#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/baton_scenario.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Failover : public BatonScenario {
 protected:
  Failover()
      : a_(cluster_.InitPrimary("a", kQuick + "pg_baton.quarantine_timeout = 20s\n")),
        b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
    EXPECT_TRUE(Becomes(a_, "peers", "ok"));
    EXPECT_TRUE(Becomes(b_, "upstream", "ok"));
  }

  static std::string Promote(const Node& node) {
    return node.Rows("SELECT outcome, reason FROM baton.promote()");
  }
  static std::string Force(const Node& node) {
    return node.Sql("SELECT outcome FROM baton.promote(force => true)");
  }
  static testing::AssertionResult HasReason(const Node& node, const std::string& reason) {
    return Returns(
        node, fmt::format("SELECT '{}' = ANY (gate_reasons) FROM baton.node_status", reason), "t");
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b           a (killed)   b (primary)
TEST_F(Failover, OfAKilledPrimary) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  a_.Kill();
  ASSERT_TRUE(Eventually([&] { return Promote(b_) == "promoted|"; }));
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

// Its gate closes before the other one's opens.
//   a (primary) <--- b           a (closed)   b (primary)
TEST_F(Failover, ByForceBesideALivingPrimary) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  EXPECT_TRUE(HasReason(a_, "another primary"));
  StopWriter();
  EXPECT_TRUE(Judge(b_));
  EXPECT_THAT(b_.Sql("SELECT reason FROM baton.requests"),
              testing::EndsWith("; closed the write gate of: a"));
}

// Nobody asks a first; it finds out by itself, and says late what it had begun.
//   a (primary) <--- b        a (hangs)   b (primary)        a (closed)   b (primary)
TEST_F(Failover, OfAPrimaryThatHangsAsAWholeAndGoesOn) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  a_.Hang();
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOn(200)) << "as long as a needs to know that it hung";
  ASSERT_TRUE(WritesGoOn(200));
  ASSERT_TRUE(WritesGoOn(200));
  a_.GoOn();
  ASSERT_TRUE(WritesGoOn(200));
  EXPECT_TRUE(HasReason(a_, "another primary"));
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

// Its backends live on, and answer whoever asks, although the workers that look around do not.
TEST_F(Failover, ByForceBesideAPrimaryWhoseObserverIsStopped) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  const int observer = a_.AwaitProcess("pg_baton observer");
  SendSignal(observer, SIGSTOP);
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  SendSignal(observer, SIGCONT);
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

// An observer that does not come back costs one pause, not the service.
TEST_F(Failover, IsNotWhatAStoppedObserverCosts) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  const int observer = a_.AwaitProcess("pg_baton observer");
  SendSignal(observer, SIGSTOP);
  ASSERT_TRUE(Returns(a_, "SELECT gate FROM baton.node_status", "waiting"));
  ASSERT_TRUE(WritesGoOn(500));
  SendSignal(observer, SIGCONT);
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

// What was refused is nowhere, what was acknowledged stays, whatever the moment.
TEST_F(Failover, IsNotWhatAFenceIs) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(a_.Rows("SELECT gate FROM baton.fence('round')"), "closed");
    const std::string rows = a_.Sql("SELECT count(*) FROM ledger");
    EXPECT_EQ(a_.Sql("SELECT count(*) FROM ledger"), rows) << "nothing is written behind it";
    ASSERT_EQ(a_.Rows("SELECT gate FROM baton.unfence()"), "open");
    ASSERT_TRUE(WritesGoOn(5));
  }
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

//   a (primary) <--- b      a (killed)   b (primary)      a (started by hand)   b (primary)
TEST_F(Failover, ThenTheOldPrimaryIsStartedByHand) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  a_.Kill();
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  a_.Start();
  EXPECT_TRUE(HasReason(a_, "another primary"));
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

// Cut off with a client on its side, with policy fence: it stops before anybody may take over.
//   a (primary) <--- b        a (closed) | b (primary)        a (closed)   b (primary)
TEST_F(Failover, OfAPrimaryThatIsCutOffWithPolicyFence) {
  Proxy to_a(a_.port());
  Proxy to_b(b_.port());
  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_policy = 'fence'");
  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_timeout = '2s'");
  a_.Sql("SELECT pg_reload_conf()");
  StreamFrom(b_, to_a.port());
  RegisterAt(a_, "a", to_a.port());
  RegisterAt(a_, "b", to_b.port());
  ASSERT_TRUE(Returns(b_, "SELECT name, reachable FROM baton.cluster", "a|t\nb|t"));
  ASSERT_TRUE(Returns(a_, "SELECT name, reachable FROM baton.cluster", "a|t\nb|t"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());

  to_a.Swallow();
  to_b.Swallow();
  ASSERT_TRUE(HasReason(a_, "isolated"));
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOnAt(b_)) << "a session on a stays there until that knows who is the primary";
  to_a.Deliver();
  to_b.Deliver();
  EXPECT_TRUE(HasReason(a_, "another primary"));
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

// With policy keep both write while they are cut off: the price that is documented.
TEST_F(Failover, OfAPrimaryThatIsCutOffWithPolicyKeepMakesTwoWritersUntilTheyMeet) {
  Proxy to_a(a_.port());
  Proxy to_b(b_.port());
  StreamFrom(b_, to_a.port());
  RegisterAt(a_, "a", to_a.port());
  RegisterAt(a_, "b", to_b.port());
  ASSERT_TRUE(Returns(b_, "SELECT name, reachable FROM baton.cluster", "a|t\nb|t"));
  ASSERT_TRUE(Returns(a_, "SELECT name, reachable FROM baton.cluster", "a|t\nb|t"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());

  to_a.Swallow();
  to_b.Swallow();
  ASSERT_TRUE(Becomes(b_, "upstream", "critical"));
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOnAt(b_));
  ASSERT_TRUE(WritesGoOnAt(a_));
  to_a.Deliver();
  to_b.Deliver();
  EXPECT_TRUE(HasReason(a_, "another primary"));
  StopWriter();
  EXPECT_THAT(TwoWriters(ledger()), Not(IsEmpty()));
}

//   a (primary) <--- b, c        a (killed)   b (primary, timeline 2)   c (primary, timeline 2)
TEST_F(Failover, ByTwoStandbysOnOneTimelineClosesBoth) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Returns(c, "SELECT count(*) FROM baton.cluster WHERE reachable", "3"));
  a_.Kill();
  b_.Sql("SELECT pg_promote(false)");
  c.Sql("SELECT pg_promote(false)");
  EXPECT_TRUE(HasReason(b_, "another primary"));
  EXPECT_TRUE(HasReason(c, "another primary"));
  EXPECT_EQ(b_.Sql("SELECT timeline FROM baton.node_status"), "2");
  EXPECT_EQ(c.Sql("SELECT timeline FROM baton.node_status"), "2");
  EXPECT_THAT(b_.SqlError("CREATE TABLE x ()"),
              StartsWith("the write gate of this server is closed: another primary"));

  // A person chooses b; that c comes up again, closed as it is, changes nothing.
  c.Stop();
  ASSERT_EQ(b_.Sql("SELECT gate FROM baton.unfence(force => true)"), "open");
  c.Start();
  ASSERT_TRUE(Returns(b_, "SELECT reachable FROM baton.cluster WHERE name = 'c'", "t"));
  EXPECT_EQ(b_.SqlError("CREATE TABLE x ()"), "");
  EXPECT_TRUE(HasReason(c, "another primary"));
}

//   a (primary) <--- b, c     all off after b was promoted     on in every order
TEST_F(Failover, AWholeSiteMayComeBackInEveryOrder) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Returns(c, "SELECT count(*) FROM baton.cluster WHERE reachable", "3"));
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  a_.Kill();
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(
      Returns(c, "SELECT state, upstream, timeline FROM baton.node_status", "streaming|b|2"));
  ASSERT_TRUE(WritesGoOn());

  std::vector<Node*> order = {&a_, &b_, &c};
  std::sort(order.begin(), order.end());
  do {
    for (Node* const node : order) {
      if (node->IsRunning()) node->Stop("immediate");
    }
    for (Node* const node : order) node->Start();
    EXPECT_TRUE(WritesGoOnAt(b_)) << order[0]->name() << order[1]->name() << order[2]->name();
    EXPECT_TRUE(HasReason(a_, "another primary"));
  } while (std::next_permutation(order.begin(), order.end()));
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

//   a (primary) <--- b (synchronous)           a (killed)   b (primary)
TEST_F(Failover, ToASynchronousStandbyLosesNothing) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'b'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SELECT sync_state FROM pg_stat_replication", "sync"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  a_.Kill();
  ASSERT_EQ(Force(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

}  // namespace
}  // namespace baton::test
