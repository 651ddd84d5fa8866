#include "helper/progress.hpp"

#include <gtest/gtest.h>

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMegabyte = 1024 * 1024;

TEST(ProgressText, TellsBytesRateAndTimeLeft) {
  EXPECT_EQ(ProgressText("copying", 100 * kMegabyte, 400 * kMegabyte, 2s),
            "copying: 100 MB of 400 MB (25 %), 50 MB/s, 6.0 s left");
}

TEST(ProgressText, TellsNoTimeLeftBeforeAnythingIsDone) {
  EXPECT_EQ(ProgressText("copying", 0, 400 * kMegabyte, 10s),
            "copying: 0 B of 400 MB (0 %), 0 B/s, ? left");
}

TEST(ProgressText, TellsNoTimeLeftInTheFirstHalfSecond) {
  EXPECT_EQ(ProgressText("copying", 100 * kMegabyte, 400 * kMegabyte, 400ms),
            "copying: 100 MB of 400 MB (25 %), 250 MB/s, ? left");
  EXPECT_EQ(ProgressText("copying", 100 * kMegabyte, 400 * kMegabyte, 500ms),
            "copying: 100 MB of 400 MB (25 %), 200 MB/s, 1.5 s left");
}

TEST(ProgressText, HasNothingLeftWhenAllIsDone) {
  EXPECT_EQ(ProgressText("rewinding", 400 * kMegabyte, 400 * kMegabyte, 4s),
            "rewinding: 400 MB of 400 MB (100 %), 100 MB/s, 0 ms left");
}

TEST(ProgressText, NeverTellsMoreThanAll) {
  EXPECT_EQ(ProgressText("copying", 500 * kMegabyte, 400 * kMegabyte, 5s),
            "copying: 500 MB of 500 MB (100 %), 100 MB/s, 0 ms left");
}

TEST(ProgressText, CopesWithNothingToDoInNoTime) {
  EXPECT_EQ(ProgressText("copying", 0, 0, 0s), "copying: 0 B of 0 B (0 %), 0 B/s, ? left");
}

}  // namespace
}  // namespace baton::helper
