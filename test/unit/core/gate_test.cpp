#include "core/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kNow = 1h;

GateWords With(GateReason reason) {
  GateWords words;
  words.reasons = static_cast<GateReasons>(reason);
  return words;
}

TEST(Gate, IsOpenWithoutAReason) {
  EXPECT_EQ(JudgePassage({}, GateCheck::kBeforeCommit, kNow), Passage::kPass);
  EXPECT_EQ(JudgePassage({}, GateCheck::kBeforeAnswer, kNow), Passage::kPass);
  EXPECT_EQ(GateText({}, kNow), "open");
}

TEST(Gate, EachReasonClosesIt) {
  for (const GateReason reason :
       {GateReason::kFencedByHand, GateReason::kQuarantine, GateReason::kAnotherPrimary,
        GateReason::kSwitchover, GateReason::kNoLease, GateReason::kStateUnreadable}) {
    EXPECT_EQ(JudgePassage(With(reason), GateCheck::kBeforeCommit, kNow), Passage::kRefuse);
    EXPECT_EQ(GateText(With(reason), kNow), "closed");
  }
}

TEST(Gate, EachReasonButASwitchoverAlsoHoldsBackTheAnswer) {
  for (const GateReason reason :
       {GateReason::kFencedByHand, GateReason::kQuarantine, GateReason::kAnotherPrimary,
        GateReason::kNoLease, GateReason::kStateUnreadable}) {
    EXPECT_EQ(JudgePassage(With(reason), GateCheck::kBeforeAnswer, kNow), Passage::kRefuse);
  }
  EXPECT_EQ(JudgePassage(With(GateReason::kSwitchover), GateCheck::kBeforeAnswer, kNow),
            Passage::kPass);
}

TEST(Gate, ASwitchoverDoesNotHideAnotherReasonFromTheAnswer) {
  GateWords words = With(GateReason::kSwitchover);
  words.reasons |= static_cast<GateReasons>(GateReason::kFencedByHand);
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeAnswer, kNow), Passage::kRefuse);
}

TEST(Gate, QuarantineEndsByItself) {
  GateWords words = With(GateReason::kQuarantine);
  words.quarantine_ends = kNow;

  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow - 1us), Passage::kRefuse);
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow), Passage::kPass);
}

TEST(Gate, TheEndOfQuarantineOpensNoOtherReason) {
  GateWords words = With(GateReason::kQuarantine);
  words.reasons |= static_cast<GateReasons>(GateReason::kFencedByHand);
  words.quarantine_ends = kNow;
  EXPECT_THAT(ReasonTexts(ReasonsAt(words, kNow)), ElementsAre("fenced by hand"));
}

TEST(Gate, IsolationBeginsByItself) {
  GateWords words;
  words.isolation_begins = kNow;

  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow - 1us), Passage::kPass);
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow), Passage::kRefuse);
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeAnswer, kNow), Passage::kRefuse);
  EXPECT_THAT(ReasonTexts(ReasonsAt(words, kNow)), ElementsAre("isolated"));
}

TEST(Gate, ACommitWaitsOnlyForWhatIsSoonOver) {
  for (const GateReason reason : {GateReason::kQuarantine, GateReason::kSwitchover}) {
    GateWords words = With(reason);
    words.waits_until = kNow;
    EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow - 1us), Passage::kWait);
    EXPECT_EQ(GateText(words, kNow - 1us), "waiting");
    EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow), Passage::kRefuse);
  }
  GateWords words = With(GateReason::kQuarantine);
  words.reasons |= static_cast<GateReasons>(GateReason::kAnotherPrimary);
  words.waits_until = kNow;
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeCommit, kNow - 1us), Passage::kRefuse);
}

TEST(Gate, AnAnswerNeverWaits) {
  GateWords words = With(GateReason::kQuarantine);
  words.waits_until = kNow;
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeAnswer, kNow - 1us), Passage::kRefuse);
}

TEST(Gate, WhoeverHasNotLookedAroundForTooLongIsInDoubtButNotClosed) {
  GateWords words;
  words.doubt_begins = kNow;
  for (const GateCheck check : {GateCheck::kBeforeCommit, GateCheck::kBeforeAnswer}) {
    EXPECT_EQ(JudgePassage(words, check, kNow - 1us), Passage::kPass);
    EXPECT_EQ(JudgePassage(words, check, kNow), Passage::kDoubt);
  }
  EXPECT_EQ(GateText(words, kNow), "waiting");
  words.reasons = static_cast<GateReasons>(GateReason::kAnotherPrimary);
  EXPECT_EQ(JudgePassage(words, GateCheck::kBeforeAnswer, kNow), Passage::kRefuse);
}

TEST(Gate, NamesItsReasons) {
  EXPECT_THAT(ReasonTexts(0), IsEmpty());
  EXPECT_THAT(ReasonTexts(127),
              ElementsAre("fenced by hand", "quarantine", "another primary", "switchover",
                          "no lease", "isolated", "state unreadable"));
}

}  // namespace
}  // namespace baton::core
