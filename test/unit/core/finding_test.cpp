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

TEST(Threshold, OfZeroIsAlwaysReached) {
  EXPECT_EQ((Threshold{0, -1}.Judge(0)), Status::kWarning);
  EXPECT_EQ((Threshold{-1, 0}.Judge(0)), Status::kCritical);
}

TEST(Threshold, IsCriticalIfTheTwoAreTheWrongWayRound) {
  EXPECT_EQ((Threshold{300, 60}.Judge(60)), Status::kCritical);
}

}  // namespace
}  // namespace baton::core
