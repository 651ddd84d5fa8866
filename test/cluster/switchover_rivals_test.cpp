// Switchovers into which somebody else decides: by force, by a rejoin, or again and again.
#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <thread>

#include "test/cluster/hand_over_scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SwitchoverRivals : public HandOverScenario {
 protected:
  Node& AddC() {
    Node& c = cluster_.Clone("c", a_);
    EXPECT_TRUE(Becomes(c, "upstream", "ok"));
    EXPECT_TRUE(Becomes(c, "peers", "ok"));
    EXPECT_TRUE(Becomes(b_, "peers", "ok"));
    EXPECT_TRUE(Becomes(a_, "peers", "ok"));
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
    return c;
  }
  static std::string Try(const Node& node, const std::string& statement) {
    try {
      return node.Rows(statement);
    } catch (const std::exception& error) {
      return error.what();
    }
  }
};

//   a (killed in its hand-over to b)   b (promoted by force)        a (rejoined) ---> b
TEST_F(SwitchoverRivals, ARejoinedServerDoesNotGoOnWithWhatItHadBegun) {
  a_.Sql("ALTER SYSTEM SET restore_command = 'false'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SHOW restore_command", "false"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(a_, "close");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(a_, "close"));
  a_.Kill();
  ASSERT_TRUE(Eventually(
      [&] { return Try(b_, "SELECT outcome FROM baton.promote(force => true)") == "promoted"; }));
  ASSERT_TRUE(WritesGoOnAt(b_));
  ASSERT_EQ(cluster_.RunRejoin(a_, b_, {"--no-start"}).exit_code, 0);
  a_.Configure("pg_baton.pause_at = ''\npg_baton.quarantine_timeout = 1s\n");
  // Its questions are refused there, so nobody could tell it that it should not.
  std::ifstream before(b_.data() / "pg_hba.conf");
  const std::string rules{std::istreambuf_iterator<char>(before), {}};
  before.close();
  std::ofstream(b_.data() / "pg_hba.conf") << "host all baton_node all reject\n" << rules;
  b_.Sql("SELECT pg_reload_conf()");
  a_.Start();
  EXPECT_TRUE(
      Returns(a_, "SELECT outcome FROM baton.requests WHERE kind = 'switchover'", "failed"));
  EXPECT_TRUE(Returns(a_, "SHOW restore_command", "false"));
  EXPECT_TRUE(HaveRoles(b_, a_));
  StopWriter();
  EXPECT_TRUE(Judge(b_));
}

//   a (primary) <--- b, <--- c        a (closed)   b ---> c (primary)
TEST_F(SwitchoverRivals, AThirdNodeThatIsForcedHasTheBatonAlone) {
  Node& c = AddC();
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(a_, "signal");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(a_, "signal"));
  EXPECT_THAT(Try(c, "SELECT outcome, reason FROM baton.promote(force => true)"),
              StartsWith("promoted|"));
  GoOn(a_);
  ASSERT_TRUE(WritesGoOnAt(c));
  EXPECT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "failed"));
  ASSERT_TRUE(WritesGoOnAt(c, 200));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(c.Sql("SELECT gate FROM baton.node_status"), "open");
  StopWriter();
  EXPECT_TRUE(Judge(c));
}

// The same when the target has the grant already.
TEST_F(SwitchoverRivals, AThirdNodeIsNotForcedBesideATargetThatIsBeingPromoted) {
  Node& c = AddC();
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(b_, "taker_begun");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(b_, "taker_begun"));
  EXPECT_EQ(c.SqlError("SELECT * FROM baton.promote(force => true)"),
            "another promotion is under way, and not given up by a, b");
  GoOn(b_);
  EXPECT_TRUE(HaveRoles(b_, a_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

// The same when it reaches only the old primary, which cannot call its grant back.
TEST_F(SwitchoverRivals, AThirdNodeIsNotForcedWhereOnlyTheGiverKnowsOfTheGrant) {
  Node& c = AddC();
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(b_, "taker_begun");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(b_, "taker_begun"));
  std::ifstream before(b_.data() / "pg_hba.conf");
  const std::string rules{std::istreambuf_iterator<char>(before), {}};
  before.close();
  std::ofstream(b_.data() / "pg_hba.conf") << "host all baton_node all reject\n" << rules;
  b_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(
      Returns(b_, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'reject'", "1"));

  EXPECT_EQ(c.SqlError("SELECT * FROM baton.promote(force => true)"),
            "another promotion is under way, and not given up by a");

  std::ofstream(b_.data() / "pg_hba.conf") << rules;
  b_.Sql("SELECT pg_reload_conf()");
  GoOn(b_);
  EXPECT_TRUE(HaveRoles(b_, a_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

// Promoted otherwise, without a word to anybody.
//   a (primary) <--- b, <--- c        a (standby)   b   c (primary)
TEST_F(SwitchoverRivals, ATargetIsNotPromotedBesideANewerPrimary) {
  Node& c = AddC();
  StartWriter({&a_, &b_, &c});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(b_, "taker_granted");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(b_, "taker_granted"));
  c.Sql("SELECT pg_promote()");
  EXPECT_TRUE(
      Returns(b_, "SELECT role, timeline FROM baton.cluster WHERE name = 'c'", "primary|2"));
  GoOn(b_);
  // Or for having followed that one by itself already, beyond the end that it was told.
  EXPECT_TRUE(
      Returns(b_, "SELECT outcome FROM baton.requests WHERE kind = 'switchover'", "failed"));
  ASSERT_TRUE(WritesGoOnAt(c));
  EXPECT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "failed"));
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  StopWriter();
  EXPECT_TRUE(Judge(c));
}

TEST_F(SwitchoverRivals, NobodyForcesTheOldPrimaryWhileItsGrantIsOut) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(b_, "taker_begun");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(b_, "taker_begun"));
  ASSERT_TRUE(Eventually([&] { return Try(a_, "SELECT pg_is_in_recovery()") == "t"; }));
  EXPECT_THAT(a_.SqlError("SELECT * FROM baton.promote(force => true)"),
              HasSubstr("may still be promoted by a switchover"));
  GoOn(b_);
  EXPECT_TRUE(HaveRoles(b_, a_));
  ASSERT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

// Two who each wait for the other to be promoted would wait for ever.
//   a (standby, takes back)   b (killed)   c (asked again and again)
TEST_F(SwitchoverRivals, SomebodyHasTheBatonInTheEnd) {
  Node& c = AddC();
  PauseAt(a_, "grant");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(a_, "grant"));
  b_.Kill();
  std::atomic<bool> ends = false;
  std::thread asker([&] {
    while (!ends) Try(c, "SELECT outcome FROM baton.promote()");
  });
  GoOn(a_);
  EXPECT_TRUE(Eventually([&] {
    return Try(a_, "SELECT pg_is_in_recovery()") == "f" ||
           Try(c, "SELECT pg_is_in_recovery()") == "f";
  }));
  ends = true;
  asker.join();
}

// A worker that is busy with what it has left to archive, for example.
TEST_F(SwitchoverRivals, AnOfferThatNobodyWaitsForAnyMoreBindsNobody) {
  const int worker = b_.AwaitProcess("pg_baton handover");
  SendSignal(worker, SIGSTOP);
  ASSERT_EQ(Ask(a_, b_), "requested|");
  EXPECT_TRUE(Returns(a_, "SELECT outcome FROM baton.requests LIMIT 1", "failed"));
  // Nor does what takes the offer back wait any more.
  const std::string unanswered = "the hand-over worker of pg_baton does not answer";
  ASSERT_TRUE(Eventually([&] {
    const std::string log = b_.Log();
    return log.find(unanswered) != log.rfind(unanswered);
  }));
  SendSignal(worker, SIGCONT);
  EXPECT_TRUE(SwitchOver(a_, b_));
}

// Fenced after it was asked and before it was begun: what holds now counts.
TEST_F(SwitchoverRivals, AFenceStopsWhatHasNotBegun) {
  const int worker = a_.AwaitProcess("pg_baton handover");
  SendSignal(worker, SIGSTOP);
  ASSERT_EQ(Ask(a_, b_), "requested|");
  a_.Sql("SELECT baton.fence('no')");
  SendSignal(worker, SIGCONT);
  EXPECT_TRUE(Returns(a_,
                      "SELECT outcome || ' ' || reason FROM baton.requests WHERE kind = "
                      "'switchover'",
                      "failed the write gate was closed for another reason"));
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "f");
}

}  // namespace
}  // namespace baton::test
