// The judge before whom failover stands, judged itself: it finds what it looks for where that is
// there, and nothing where all is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/baton_scenario.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class JudgeOfFailover : public BatonScenario {
 protected:
  // Nobody puts right by itself what goes wrong here on purpose.
  JudgeOfFailover()
      : a_(cluster_.InitPrimary("a", kQuick + "pg_baton.follow_primary = off\n")),
        b_(cluster_.Clone("b", a_)) {}

  std::string Promote(const Node& node) {
    return node.Sql("SELECT outcome FROM baton.promote(force => true)");
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b           a (primary)   b (primary)
TEST_F(JudgeOfFailover, FindsTwoWritersWhereNothingHoldsTheOldOneBack) {
  StartWriter({&a_, &b_}, WriterOptions::GateOff());
  ASSERT_TRUE(WritesGoOn());

  ASSERT_EQ(Promote(b_), "promoted");
  ASSERT_TRUE(WritesGoOnAt(b_));
  ASSERT_TRUE(WritesGoOnAt(a_));
  StopWriter();

  EXPECT_THAT(TwoWriters(ledger()), Not(IsEmpty()));
  EXPECT_FALSE(Judge(b_));
  EXPECT_THAT(Lost(ledger(), HeirOf(b_)), Not(IsEmpty()));
  EXPECT_THAT(LostThoughTakenOver(ledger(), HeirOf(b_)), IsEmpty())
      << "only what the old one wrote beyond the fork";
  EXPECT_THAT(KeptFromBeyondTheFork(ledger(), HeirOf(b_)), IsEmpty());
}

//   a (primary) <--- b           a (killed)   b (primary, timeline 2)
//               <--- c                        c (primary, timeline 2)
TEST_F(JudgeOfFailover, FindsTwoWritersOfTheSameTimeline) {
  Node& c = cluster_.Clone("c", a_);
  StartWriter({&a_, &b_, &c}, WriterOptions::GateOff());
  ASSERT_TRUE(WritesGoOn());
  WaitForReplay(a_, c);

  a_.Kill();
  b_.Sql("SELECT pg_promote()");
  c.Sql("SELECT pg_promote()");
  ASSERT_TRUE(WritesGoOnAt(b_));
  ASSERT_TRUE(WritesGoOnAt(c));
  StopWriter();

  EXPECT_THAT(TwoWriters(ledger()), Contains(StartsWith("timeline 2 has two writers: ")));
}

// What was sent to a hung server is acknowledged when it goes on.
//   a (primary) <--- b        a (hangs)   b (primary)        a (primary)   b (primary)
TEST_F(JudgeOfFailover, FindsTheLateAnswerOfAServerThatHung) {
  StartWriter({&a_, &b_}, WriterOptions::GateOff());
  ASSERT_TRUE(WritesGoOn());

  a_.Hang();
  ASSERT_EQ(Promote(b_), "promoted");
  ASSERT_TRUE(WritesGoOn()) << "a server that hangs does not stop the client";
  a_.GoOn();
  ASSERT_TRUE(WritesGoOnAt(a_));
  StopWriter();

  const Ledger seen = ledger();
  int late = 0;
  for (const auto& [number, attempt] : seen.attempts()) {
    if (attempt.server == "a" && attempt.unanswered_at - attempt.sent_at > 100ms) ++late;
  }
  EXPECT_GT(late, 0);
  EXPECT_THAT(TwoWriters(seen), Not(IsEmpty()));
}

//   a (primary) <--- b           a (killed)   b (primary)
TEST_F(JudgeOfFailover, FindsNothingWhereTheOldPrimaryIsDead) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());

  a_.Kill();
  ASSERT_EQ(Promote(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  StopWriter();

  EXPECT_TRUE(Judge(b_));
}

//   a (primary) <--- b        a (primary) <-/- b        a (killed)   b (primary)
TEST_F(JudgeOfFailover, AllowsTheLossOfWhatTheStandbyNeverGot) {
  Proxy network(a_.port());
  StreamFrom(b_, network.port());
  ASSERT_TRUE(
      Returns(a_, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  network.Swallow();
  ASSERT_TRUE(WritesGoOn());

  a_.Kill();
  ASSERT_EQ(Promote(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  StopWriter();

  EXPECT_THAT(Lost(ledger(), HeirOf(b_)), Not(IsEmpty()));
  EXPECT_TRUE(Judge(b_));
  EXPECT_FALSE(Judge(b_, Loss::kNone));
}

//   a (primary) <--- b (synchronous)           a (killed)   b (primary)
TEST_F(JudgeOfFailover, FindsThatASynchronousStandbyLosesNothing) {
  a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'b'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SELECT sync_state FROM pg_stat_replication", "sync"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());

  a_.Kill();
  ASSERT_EQ(Promote(b_), "promoted");
  ASSERT_TRUE(WritesGoOn());
  StopWriter();

  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

// As a standby would be that skipped a record.
//   a (primary) <--- b           a (killed)   b (primary, one row short)
TEST_F(JudgeOfFailover, FindsARowThatIsMissingThoughItsCommitWasTakenOver) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  a_.Kill();
  ASSERT_EQ(Promote(b_), "promoted");
  StopWriter();

  b_.Sql("DELETE FROM public.ledger WHERE number = (SELECT min(number) FROM public.ledger)");

  EXPECT_EQ(LostThoughTakenOver(ledger(), HeirOf(b_)).size(), 1u);
  EXPECT_FALSE(Judge(b_));
}

}  // namespace
}  // namespace baton::test
