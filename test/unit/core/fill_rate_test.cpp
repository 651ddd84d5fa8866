#include "core/fill_rate.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/nodes.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = 1h;

// A file system that is looked at once a second while it loses `bytes_a_second`.
struct Disk {
  FillRate rate;
  std::int64_t free_bytes = 100 * kGigabyte;
  Instant now = kStart;

  Disk() { rate.Add(free_bytes, now); }
  Disk& Lose(std::int64_t bytes_a_second, std::chrono::seconds duration) {
    for (auto second = 0s; second < duration; ++second) {
      now += 1s;
      free_bytes -= bytes_a_second;
      rate.Add(free_bytes, now);
    }
    return *this;
  }
  // As whole seconds, since a rate is a fraction.
  std::optional<std::chrono::seconds> FullIn() const {
    const auto time = rate.FullIn();
    if (!time) return std::nullopt;
    return std::chrono::round<std::chrono::seconds>(*time);
  }
};

TEST(FillRate, IsNotKnownBeforeAnythingWasSeen) {
  const FillRate rate;

  EXPECT_FALSE(rate.Known());
  EXPECT_EQ(rate.FullIn(), std::nullopt);
}

TEST(FillRate, IsKnownOnlyAfterTheLeastSpan) {
  Disk disk;
  disk.Lose(kMegabyte, 5min - 1s);
  EXPECT_FALSE(disk.rate.Known());
  EXPECT_EQ(disk.FullIn(), std::nullopt);

  disk.Lose(kMegabyte, 1s);
  EXPECT_TRUE(disk.rate.Known());
  EXPECT_EQ(disk.FullIn(), std::chrono::seconds(100 * 1024 - 300));
}

TEST(FillRate, GivesTheTimeLeftAtTheSteadyRate) {
  EXPECT_EQ(Disk().Lose(10 * kMegabyte, 10min).FullIn(), 10 * 1024s - 10min);
}

TEST(FillRate, UsesTheLastLookEvenBetweenTwoSamples) {
  FillRate rate;
  rate.Add(1'000'000, kStart);
  rate.Add(700'000, kStart + 5min);

  EXPECT_EQ(rate.FullIn(), 700s);
  rate.Add(699'000, kStart + 5min + 1s);
  EXPECT_EQ(rate.FullIn(), 699s);
}

TEST(FillRate, OfAFullDiskLeavesNoTime) {
  FillRate rate;
  rate.Add(1'000'000, kStart);
  rate.Add(0, kStart + 10min);

  EXPECT_EQ(rate.FullIn(), 0s);
}

TEST(FillRate, GivesNoTimeWhileSpaceIsAsItWas) {
  const Disk disk = Disk().Lose(0, 10min);

  EXPECT_TRUE(disk.rate.Known());
  EXPECT_EQ(disk.FullIn(), std::nullopt);
}

TEST(FillRate, GivesNoTimeWhileSpaceGrows) {
  const Disk disk = Disk().Lose(-kMegabyte, 10min);

  EXPECT_TRUE(disk.rate.Known());
  EXPECT_EQ(disk.FullIn(), std::nullopt);
}

TEST(FillRate, GivesNoTimeThatIsBeyondAYear) {
  FillRate rate;
  rate.Add(1'000'001, kStart);
  rate.Add(1'000'000, kStart + 5min);  // 300 million seconds are left
  EXPECT_TRUE(rate.Known());
  EXPECT_EQ(rate.FullIn(), std::nullopt);

  rate.Add(1'000'001 - 10, kStart + 5min);  // 30 million
  EXPECT_EQ(std::chrono::round<std::chrono::seconds>(rate.FullIn().value()),
            std::chrono::seconds(29'999'730));
}

TEST(FillRate, GivesNoTimeForAHugeDiskThatHardlyFills) {
  FillRate rate;
  rate.Add(std::int64_t{1} << 60, kStart);
  rate.Add((std::int64_t{1} << 60) - 1024, kStart + 30min);

  EXPECT_EQ(rate.FullIn(), std::nullopt);
}

TEST(FillRate, ForgetsWhatIsLongAgo) {
  Disk disk;
  disk.Lose(100 * kMegabyte, 5min);
  disk.Lose(kMegabyte, 5h);

  EXPECT_EQ(disk.FullIn(), std::chrono::seconds(disk.free_bytes / kMegabyte));
}

TEST(FillRate, LooksBackForHalfAnHourHoweverOftenItLooks) {
  for (const auto step : {1s, 10s, 29s, 60s}) {
    FillRate rate;
    Instant now = kStart;
    std::int64_t free_bytes = 100 * kGigabyte;
    // Nothing for hours, then 1 MB a second for a quarter of an hour: half the rate in half an
    // hour.
    for (; now < kStart + 3h; now += step) rate.Add(free_bytes, now);
    const Instant began = now;
    for (; now < began + 15min; now += step) {
      free_bytes -= kMegabyte * (step / 1s);
      rate.Add(free_bytes, now);
    }

    const double left = static_cast<double>(free_bytes) / (0.5 * kMegabyte);
    EXPECT_NEAR(std::chrono::duration<double>(rate.FullIn().value()).count(), left, 0.1 * left)
        << step.count();
  }
}

TEST(FillRate, BeginsAnewAfterALongPause) {
  Disk disk;
  disk.Lose(kMegabyte, 10min);
  ASSERT_TRUE(disk.rate.Known());

  disk.now += 2h;
  disk.Lose(kMegabyte, 1s);

  EXPECT_FALSE(disk.rate.Known());
  EXPECT_EQ(disk.FullIn(), std::nullopt);
}

}  // namespace
}  // namespace baton::core
