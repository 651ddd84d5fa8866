// A rejoin that is killed at any of its steps: no server starts from the directory until the same
// command has run to its end.
#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/rejoin_journal.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/proxy.hpp"
#include "test/cluster/rejoin_scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class RejoinInterrupted : public RejoinScenario {};

class AtEachStep : public RejoinInterrupted, public testing::WithParamInterface<const char*> {
 protected:
  bool is_ready() const { return std::string(GetParam()) == "ready"; }
};

//   a (killed)   b (primary)      kill -9 of rejoin at each step, and again      a ---> b (primary)
class RewoundAtEachStep : public AtEachStep {};

TEST_P(RewoundAtEachStep, StartsNothingAndGoesOn) {
  Diverge();
  a_.Kill();

  ASSERT_TRUE(BreakOff(GetParam()));
  if (!is_ready()) {
    EXPECT_TRUE(RefusesToStart());
  }
  const HelperResult again = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "0");
  ExpectFollows();
}

INSTANTIATE_TEST_SUITE_P(RejoinInterrupted, RewoundAtEachStep,
                         testing::Values("recovering", "saving", "locked", "rewinding", "rewound",
                                         "ready"),
                         [](const auto& one) { return std::string(one.param); });

// The same where a new copy takes the directory's place.
class CopiedAtEachStep : public AtEachStep {};

TEST_P(CopiedAtEachStep, StartsNothingAndGoesOn) {
  Diverge();
  a_.Sql("ALTER SYSTEM SET work_mem = '7MB'");
  a_.Kill();

  ASSERT_TRUE(BreakOff(GetParam(), {"--method=copy"}));
  if (!is_ready()) {
    EXPECT_TRUE(RefusesToStart());
  }
  const HelperResult again = cluster_.RunRejoin(a_, b_, {"--method=copy"});

  ASSERT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
  EXPECT_EQ(a_.Sql("SHOW work_mem"), "7MB");
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_old")));
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_new")));
}

INSTANTIATE_TEST_SUITE_P(RejoinInterrupted, CopiedAtEachStep,
                         testing::Values("recovering", "saving", "copying", "swapping", "ready"),
                         [](const auto& one) { return std::string(one.param); });

// All steps of the journal are in one of the two loops.
TEST(RejoinSteps, AreAllTried) { EXPECT_EQ(core::kRejoinSteps.size(), 8u); }

// What pg_rewind sends for the first time when it asks for what it writes: names of files.
constexpr const char* kFirstFiles = "{\"";

class RejoinByProxy : public RejoinInterrupted {
 protected:
  // Rejoins a behind b through a network that holds up the answers to these words.
  pid_t Rejoin(const std::string& words) {
    network_.HoldAnswersTo(words);
    std::vector<std::string> arguments = Cluster::RejoinArguments(a_, b_);
    std::replace(arguments.begin(), arguments.end(), std::to_string(b_.port()),
                 std::to_string(network_.port()));
    arguments.insert(arguments.begin(), Cluster::Program("pg_baton"));
    return Spawn(arguments, cluster_.directory() / "rejoin.out");
  }
  bool IsHeldUp() {
    return Eventually([&] { return network_.HoldsAnswers(); });
  }

  Proxy network_{b_.port()};
};

//   a (rewinding) ---x b (killed)          b (primary)          a ---> b
TEST_F(RejoinByProxy, BySourceThatDiesInTheMiddleGoesOnWhenItIsBack) {
  Diverge();
  a_.Kill();
  const pid_t rejoin = Rejoin(kFirstFiles);
  ASSERT_TRUE(IsHeldUp()) << Output();
  b_.Kill();
  network_.ReleaseAnswers();
  const int exit_code = WaitFor(rejoin);

  EXPECT_EQ(exit_code, 4) << Output();
  EXPECT_THAT(Output(), HasSubstr("No server starts from"));
  EXPECT_TRUE(RefusesToStart());
  b_.Start();
  const HelperResult again = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("a rejoin was broken off at step \"rewinding\""));
  // It was restarted, and a is the one whose answer it waits for.
  ASSERT_TRUE(Eventually([&] { return b_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
  ExpectFollows();
}

class Undone : public RejoinInterrupted {
 protected:
  // Brings a to where pg_rewind is about to be run.
  pid_t PauseBeforeRewinding() {
    Diverge();
    a_.Kill();
    auto_conf_ = helper::ReadFile(a_.data() / "postgresql.auto.conf");
    return PauseAt("rewinding");
  }

  // a is what it was, and could be started as the primary that it was.
  void ExpectNothingWasChanged() {
    EXPECT_FALSE(fs::exists(Beside(".pg_baton_rejoin")));
    EXPECT_EQ(helper::ReadFile(a_.data() / "postgresql.auto.conf"), auto_conf_);
    EXPECT_FALSE(RefusesToStart());
  }

  std::string auto_conf_;
};

//   a (to be rewound) ---x b (killed)          a, as it was          a ---> b (primary)
TEST_F(Undone, BySourceThatDiesBeforeTheFirstChange) {
  const pid_t rejoin = PauseBeforeRewinding();
  ASSERT_NE(rejoin, 0) << Output();
  b_.Kill();
  SendSignal(rejoin, SIGCONT);
  const int exit_code = WaitFor(rejoin);

  EXPECT_EQ(exit_code, 1) << Output();
  EXPECT_THAT(Output(), HasSubstr("pg_baton: error: pg_rewind failed\n"));
  ExpectNothingWasChanged();
  b_.Start();
  const HelperResult again = cluster_.RunRejoin(a_, b_);
  ASSERT_EQ(again.exit_code, 0) << again.output;
  ASSERT_TRUE(Eventually([&] { return b_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
  ExpectFollows();
}

//   a (to be rewound)    b (primary)    SIGINT      a, as it was
TEST_F(Undone, BySigintBeforeTheFirstChange) {
  const pid_t rejoin = PauseBeforeRewinding();
  ASSERT_NE(rejoin, 0) << Output();
  SendSignal(rejoin, SIGINT);
  SendSignal(rejoin, SIGCONT);

  EXPECT_EQ(WaitFor(rejoin), 4) << Output();
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'a'"), "0");
  ExpectNothingWasChanged();
  const HelperResult again = cluster_.RunRejoin(a_, b_);
  ASSERT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
}

//   a (killed)   b (primary, has made a's slot)   SIGINT before rejoin knows      a   b
TEST_F(RejoinByProxy, BeforeItKnowsOfItsSlotLeavesNoSlot) {
  Diverge();
  a_.Kill();
  const pid_t rejoin = Rejoin("pg_create_physical_replication_slot");
  ASSERT_TRUE(IsHeldUp());
  ASSERT_TRUE(Eventually([&] {
    return b_.Sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'a'") == "1";
  }));

  SendSignal(rejoin, SIGINT);
  network_.ReleaseAnswers();

  EXPECT_EQ(WaitFor(rejoin), 4) << Output();
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'a'"), "0");
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_rejoin")));
  const HelperResult again = cluster_.RunRejoin(a_, b_);
  ASSERT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
}

//   a (half rewound to b)    c (primary)          a ---> c, by a new copy
TEST_F(RejoinInterrupted, GoesOnWithAnotherSourceByANewCopyOnly) {
  Diverge();
  a_.Kill();
  Node& c = cluster_.Clone("c", b_);
  ASSERT_TRUE(BreakOff("rewound"));
  ASSERT_TRUE(Eventually([&] {
    return b_.Sql("SELECT count(*) FROM baton.standbys WHERE name = 'c' AND state = 'streaming'") ==
           "1";
  }));
  b_.Kill();
  ASSERT_EQ(c.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  const HelperResult refused = cluster_.RunRejoin(a_, c, {"--method=rewind"});
  const HelperResult copied = cluster_.RunRejoin(a_, c);

  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("the rewind cannot go on with another source"));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), c.Sql("SELECT count(*) FROM t"));
}

}  // namespace
}  // namespace baton::test
