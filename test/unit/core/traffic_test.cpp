#include "core/traffic.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(Traffic, SendsWritesToAPrimaryWhoseGateIsNotClosed) {
  for (const char* const gate : {"open", "waiting"}) {
    const Traffic traffic = JudgeTraffic({Role::kPrimary, gate, "running", Status::kUnknown});
    EXPECT_TRUE(traffic.takes_writes);
    EXPECT_FALSE(traffic.takes_reads);
    EXPECT_EQ(traffic.reason, std::string("primary, write gate ") + gate);
  }
  EXPECT_FALSE(JudgeTraffic({Role::kPrimary, "closed", "running", Status::kOk}).takes_writes);
  EXPECT_FALSE(JudgeTraffic({Role::kPrimary, "", "running", Status::kOk}).takes_writes);
}

TEST(Traffic, SendsReadsToAStandbyWhoseLagIsKnownAndNotCritical) {
  const auto takes_reads = [](Status lag) {
    const Traffic traffic = JudgeTraffic({Role::kStandby, "open", "streaming", lag});
    EXPECT_FALSE(traffic.takes_writes);
    return traffic.takes_reads;
  };
  EXPECT_TRUE(takes_reads(Status::kOk));
  EXPECT_TRUE(takes_reads(Status::kWarning));
  EXPECT_FALSE(takes_reads(Status::kCritical));
  EXPECT_FALSE(takes_reads(Status::kUnknown));
  EXPECT_EQ(JudgeTraffic({Role::kStandby, "open", "streaming", Status::kOk}).reason,
            "standby, streaming, replay lag ok");
}

TEST(Traffic, SendsNothingWhereTheRoleIsNotKnown) {
  const Traffic traffic = JudgeTraffic({Role::kUnknown, "open", "", Status::kOk});
  EXPECT_FALSE(traffic.takes_writes || traffic.takes_reads);
}

}  // namespace
}  // namespace baton::core
