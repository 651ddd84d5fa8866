#include "core/quantity.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kKilobyte = 1024;
constexpr std::int64_t kMegabyte = 1024 * kKilobyte;
constexpr std::int64_t kGigabyte = 1024 * kMegabyte;

TEST(BytesText, CountsBytesUpToAKilobyte) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(812), "812 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
}

TEST(BytesText, TakesTheLargestUnitThatFits) {
  EXPECT_EQ(BytesText(16 * kKilobyte), "16 kB");
  EXPECT_EQ(BytesText(16 * kMegabyte), "16 MB");
  EXPECT_EQ(BytesText(16 * kGigabyte), "16 GB");
  EXPECT_EQ(BytesText(16 * 1024 * kGigabyte), "16 TB");
  EXPECT_EQ(BytesText(16 * 1024 * 1024 * kGigabyte), "16 PB");
}

TEST(BytesText, KnowsNothingBeyondPetabytes) {
  EXPECT_EQ(BytesText(8000LL * 1024 * 1024 * kGigabyte), "8000 PB");
}

TEST(BytesText, HasOneDecimalBelowTen) {
  EXPECT_EQ(BytesText(kKilobyte), "1.0 kB");
  EXPECT_EQ(BytesText(3 * kGigabyte / 2), "1.5 GB");
  EXPECT_EQ(BytesText(99 * kMegabyte / 10), "9.9 MB");
}

TEST(BytesText, NeverRoundsToTenWithADecimal) { EXPECT_EQ(BytesText(10 * kMegabyte - 1), "10 MB"); }

TEST(BytesText, KeepsTheSign) { EXPECT_EQ(BytesText(-3 * kGigabyte / 2), "-1.5 GB"); }

TEST(DurationText, CountsMillisecondsUpToASecond) {
  EXPECT_EQ(DurationText(0s), "0 ms");
  EXPECT_EQ(DurationText(999us), "0 ms");
  EXPECT_EQ(DurationText(12ms), "12 ms");
  EXPECT_EQ(DurationText(999ms), "999 ms");
}

TEST(DurationText, HasTenthsOfSecondsUpToAMinute) {
  EXPECT_EQ(DurationText(1s), "1.0 s");
  EXPECT_EQ(DurationText(3400ms), "3.4 s");
  EXPECT_EQ(DurationText(59s), "59.0 s");
}

TEST(DurationText, HasMinutesAndSecondsUpToAnHour) {
  EXPECT_EQ(DurationText(60s), "1 min 00 s");
  EXPECT_EQ(DurationText(302s), "5 min 02 s");
  EXPECT_EQ(DurationText(3599s), "59 min 59 s");
}

TEST(DurationText, HasHoursAndMinutesFromThereOn) {
  EXPECT_EQ(DurationText(1h), "1 h 00 min");
  EXPECT_EQ(DurationText(3h + 7min + 59s), "3 h 07 min");
  EXPECT_EQ(DurationText(100h), "100 h 00 min");
}

}  // namespace
}  // namespace baton::core
