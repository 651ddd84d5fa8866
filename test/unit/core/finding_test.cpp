#include "core/finding.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(StatusText, IsOneWordAStatus) {
  EXPECT_EQ(StatusText(Status::kOk), "ok");
  EXPECT_EQ(StatusText(Status::kWarning), "warning");
  EXPECT_EQ(StatusText(Status::kCritical), "critical");
  EXPECT_EQ(StatusText(Status::kUnknown), "unknown");
}

TEST(Judged, IsAFindingInWordsWithoutANumber) {
  const Finding finding = Judged("slots", Status::kWarning, "1 in danger", "said", "Do.");

  EXPECT_EQ(finding.check_name.view(), "slots");
  EXPECT_EQ(finding.status, Status::kWarning);
  EXPECT_EQ(finding.value.view(), "1 in danger");
  EXPECT_EQ(finding.message.view(), "said");
  EXPECT_EQ(finding.hint.view(), "Do.");
  EXPECT_EQ(finding.value_number, std::nullopt);
  EXPECT_EQ(finding.warning_at, std::nullopt);
  EXPECT_EQ(finding.critical_at, std::nullopt);
  EXPECT_TRUE(finding.unit.empty());
  EXPECT_TRUE(finding.threshold.empty());
  EXPECT_EQ(finding.since, 0);
}

TEST(Finding, IsUnknownUntilItIsJudged) {
  const Finding finding;

  EXPECT_EQ(finding.status, Status::kUnknown);
  EXPECT_EQ(finding.value_number, std::nullopt);
  EXPECT_TRUE(finding.message.empty());
}

TEST(Threshold, JudgesFromTheNumberItselfUpwards) {
  const Threshold threshold{60, 300};

  EXPECT_EQ(threshold.Judge(59.9), Status::kOk);
  EXPECT_EQ(threshold.Judge(60), Status::kWarning);
  EXPECT_EQ(threshold.Judge(299.9), Status::kWarning);
  EXPECT_EQ(threshold.Judge(300), Status::kCritical);
}

TEST(Threshold, IsSwitchedOffByANegativeNumber) {
  EXPECT_EQ((Threshold{-1, 300}.Judge(299)), Status::kOk);
  EXPECT_EQ((Threshold{60, -1}.Judge(1e9)), Status::kWarning);
  EXPECT_EQ(Threshold().Judge(1e9), Status::kOk);
}

TEST(Threshold, JudgesFromTheNumberItselfDownwardsWhereLessIsWorse) {
  const Threshold threshold{10, 5};

  EXPECT_EQ(threshold.Judge(10.1, Worse::kLower), Status::kOk);
  EXPECT_EQ(threshold.Judge(10, Worse::kLower), Status::kWarning);
  EXPECT_EQ(threshold.Judge(5.1, Worse::kLower), Status::kWarning);
  EXPECT_EQ(threshold.Judge(5, Worse::kLower), Status::kCritical);
  EXPECT_EQ(threshold.Judge(-1, Worse::kLower), Status::kCritical);
}

TEST(Threshold, OfZeroIsReachedOnlyByNothingWhereLessIsWorse) {
  EXPECT_EQ((Threshold{0, -1}.Judge(1, Worse::kLower)), Status::kOk);
  EXPECT_EQ((Threshold{0, -1}.Judge(0, Worse::kLower)), Status::kWarning);
}

TEST(Threshold, IsSwitchedOffByANegativeNumberWhereLessIsWorseToo) {
  EXPECT_EQ((Threshold{-1, -1}.Judge(-5, Worse::kLower)), Status::kOk);
  EXPECT_EQ((Threshold{kNoThreshold, kNoThreshold}.Judge(-5, Worse::kLower)), Status::kOk);
  EXPECT_EQ((Threshold{kNoThreshold, kNoThreshold}.Judge(1e9)), Status::kOk);
}

TEST(Threshold, OfZeroIsAlwaysReached) {
  EXPECT_EQ((Threshold{0, -1}.Judge(0)), Status::kWarning);
  EXPECT_EQ((Threshold{-1, 0}.Judge(0)), Status::kCritical);
}

TEST(Threshold, IsCriticalIfTheTwoAreTheWrongWayRound) {
  EXPECT_EQ((Threshold{300, 60}.Judge(60)), Status::kCritical);
}

}  // namespace
}  // namespace baton::core
