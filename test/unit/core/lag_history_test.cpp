#include "core/lag_history.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = 1h;
constexpr bool kLinkAlive = true;
constexpr bool kLinkDead = false;

// A primary that writes one byte of WAL a second.
struct SteadyPrimary {
  static Lsn EndAfter(int seconds) { return Lsn(static_cast<std::uint64_t>(1000 + seconds)); }
  static Instant Moment(int seconds) { return kStart + std::chrono::seconds(seconds); }

  static LagHistory HeardFor(int seconds) {
    LagHistory history;
    for (int second = 0; second <= seconds; ++second) {
      history.Hear(EndAfter(second), Moment(second));
    }
    return history;
  }
};

TEST(LagHistory, KnowsNoLagBeforeTheUpstreamWasHeard) {
  const LagHistory history;

  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart), std::nullopt);
  EXPECT_EQ(history.Lag(Lsn(100), kLinkDead, kStart), std::nullopt);
  EXPECT_TRUE(history.last_end().IsNone());
}

TEST(LagHistory, DoesNotTakeNoPositionForAWord) {
  LagHistory history;
  history.Hear(Lsn(), kStart);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart), std::nullopt);
  EXPECT_EQ(history.last_heard(), Instant::zero());
}

TEST(LagHistory, IsZeroWhenEverythingIsReplayed) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart + 5s), 0s);
  EXPECT_EQ(history.Lag(Lsn(101), kLinkAlive, kStart + 5s), 0s);
}

TEST(LagHistory, StaysZeroWhileThePrimaryIsIdle) {
  LagHistory history;
  for (int minute = 0; minute <= 60; ++minute) {
    history.Hear(Lsn(100), kStart + std::chrono::minutes(minute));
  }

  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart + 1h), 0s);
  EXPECT_EQ(history.last_heard(), kStart + 1h);
}

TEST(LagHistory, IsTheAgeOfTheOldestWalNotReplayed) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(200), kStart + 10s);
  history.Hear(Lsn(300), kStart + 20s);

  EXPECT_EQ(history.Lag(Lsn(99), kLinkAlive, kStart + 30s), 30s);
  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart + 30s), 20s);
  EXPECT_EQ(history.Lag(Lsn(199), kLinkAlive, kStart + 30s), 20s);
  EXPECT_EQ(history.Lag(Lsn(200), kLinkAlive, kStart + 30s), 10s);
  EXPECT_EQ(history.Lag(Lsn(300), kLinkAlive, kStart + 30s), 0s);
}

TEST(LagHistory, GrowsWhileReplayStandsStill) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(200), kStart + 1s);
  history.Hear(Lsn(200), kStart + 60s);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkAlive, kStart + 61s), 60s);
}

TEST(LagHistory, OfADeadLinkIsAtLeastTheTimeOfSilence) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkDead, kStart + 90s), 90s);
}

TEST(LagHistory, OfADeadLinkCountsFromTheLastWordNotFromTheLastWal) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(100), kStart + 60s);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkDead, kStart + 90s), 30s);
}

TEST(LagHistory, OfADeadLinkIsTheAgeOfUnreplayedWalIfThatIsOlder) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(200), kStart + 10s);
  history.Hear(Lsn(200), kStart + 60s);

  EXPECT_EQ(history.Lag(Lsn(100), kLinkDead, kStart + 90s), 80s);
}

TEST(LagHistory, IsNeverNegative) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);

  EXPECT_EQ(history.Lag(Lsn(50), kLinkAlive, kStart - 1s), 0s);
}

TEST(LagHistory, BeginsAnewWhenTheTimelineGoesBack) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(300), kStart + 10s);

  history.Hear(Lsn(200), kStart + 20s);

  EXPECT_EQ(history.last_end(), Lsn(200));
  EXPECT_EQ(history.Lag(Lsn(200), kLinkAlive, kStart + 30s), 0s);
  EXPECT_EQ(history.Lag(Lsn(50), kLinkAlive, kStart + 30s), 10s);
}

TEST(LagHistory, CoversWhatIsNotOlderThanItself) {
  LagHistory history;
  EXPECT_FALSE(history.Covers(Lsn(100)));

  history.Hear(Lsn(100), Instant(1));

  EXPECT_FALSE(history.Covers(Lsn(99)));
  EXPECT_TRUE(history.Covers(Lsn(100)));
}

TEST(LagHistory, RemembersTheLastWord) {
  LagHistory history;
  history.Hear(Lsn(100), kStart);
  history.Hear(Lsn(200), kStart + 10s);

  EXPECT_EQ(history.last_end(), Lsn(200));
  EXPECT_EQ(history.last_heard(), kStart + 10s);
}

TEST(LagHistory, IsExactUntilItIsFull) {
  const int last = static_cast<int>(LagHistory::kSamples) - 1;
  const LagHistory history = SteadyPrimary::HeardFor(last);

  for (int replayed = 0; replayed < last; ++replayed) {
    EXPECT_EQ(
        history.Lag(SteadyPrimary::EndAfter(replayed), kLinkAlive, SteadyPrimary::Moment(last)),
        std::chrono::seconds(last - replayed - 1));
  }
}

TEST(LagHistory, ThinnedOnceErrsUpwardsByOneSampleAtMost) {
  const int last = static_cast<int>(LagHistory::kSamples);
  const LagHistory history = SteadyPrimary::HeardFor(last);

  bool thinned = false;
  for (int replayed = 0; replayed < last; ++replayed) {
    const auto exact = std::chrono::seconds(last - replayed - 1);
    const auto lag =
        history.Lag(SteadyPrimary::EndAfter(replayed), kLinkAlive, SteadyPrimary::Moment(last));
    EXPECT_GE(lag, exact);
    EXPECT_LE(lag, exact + 1s);
    thinned |= lag != exact;
  }
  EXPECT_TRUE(thinned);
}

TEST(LagHistory, ThinnedManyTimesNeverErrsDownwards) {
  const int last = 20'000;
  const LagHistory history = SteadyPrimary::HeardFor(last);

  for (int replayed = 0; replayed < last; ++replayed) {
    EXPECT_GE(
        history.Lag(SteadyPrimary::EndAfter(replayed), kLinkAlive, SteadyPrimary::Moment(last)),
        std::chrono::seconds(last - replayed - 1));
  }
}

TEST(LagHistory, ThinnedManyTimesIsExactForTheRecentHalf) {
  const int last = 20'000;
  const int recent = static_cast<int>(LagHistory::kSamples) / 2;
  const LagHistory history = SteadyPrimary::HeardFor(last);

  for (int replayed = last - recent; replayed < last; ++replayed) {
    EXPECT_EQ(
        history.Lag(SteadyPrimary::EndAfter(replayed), kLinkAlive, SteadyPrimary::Moment(last)),
        std::chrono::seconds(last - replayed - 1));
  }
}

TEST(LagHistory, ThinnedManyTimesStillReachesBackToItsBeginning) {
  const int last = 20'000;
  const LagHistory history = SteadyPrimary::HeardFor(last);

  EXPECT_EQ(history.Lag(Lsn(1), kLinkAlive, SteadyPrimary::Moment(last)),
            std::chrono::seconds(last));
  EXPECT_EQ(history.last_end(), SteadyPrimary::EndAfter(last));
}

TEST(LagHistory, MayLiveInSharedMemory) { EXPECT_TRUE(std::is_trivially_copyable_v<LagHistory>); }

}  // namespace
}  // namespace baton::core
