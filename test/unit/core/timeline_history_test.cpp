#include "core/timeline_history.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(TimelineHistoryTest, IsReadAsTheServerWritesIt) {
  const auto history = ParseTimelineHistory(
      "1\t0/3000148\tno recovery target specified\n\n# by hand\n2\t1/A0\tbefore x\n", 4);

  EXPECT_EQ(history, (TimelineHistory{{1, Lsn(), Lsn(0x3000148)},
                                      {2, Lsn(0x3000148), Lsn(0x1000000A0)},
                                      {4, Lsn(0x1000000A0), Lsn()}}));
}

TEST(TimelineHistoryTest, NeedsNoReasonAndNoLastLineEnd) {
  EXPECT_EQ(ParseTimelineHistory("  1 0/A0", 2),
            (TimelineHistory{{1, Lsn(), Lsn(0xA0)}, {2, Lsn(0xA0), Lsn()}}));
}

TEST(TimelineHistoryTest, OfTheFirstTimelineIsEmpty) {
  EXPECT_EQ(ParseTimelineHistory("", 1), (TimelineHistory{{1, Lsn(), Lsn()}}));
}

TEST(TimelineHistoryTest, IsDamagedIfTimelinesDoNotRise) {
  EXPECT_EQ(ParseTimelineHistory("2\t0/A0\tx\n1\t0/B0\tx\n", 3), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("1\t0/A0\tx\n1\t0/B0\tx\n", 3), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("1\t0/A0\tx\n3\t0/B0\tx\n", 3), std::nullopt);
}

TEST(TimelineHistoryTest, IsDamagedIfATimelineEndsBeforeItBegins) {
  EXPECT_EQ(ParseTimelineHistory("1\t0/B0\tx\n2\t0/A0\tx\n", 3), std::nullopt);
}

TEST(TimelineHistoryTest, IsDamagedIfALineIsNoEntry) {
  EXPECT_EQ(ParseTimelineHistory("1\t0/A0\tx\nsecond\t0/B0\tx\n", 3), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("0\t0/A0\tx\n", 2), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("1\n", 2), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("1\tA0\tx\n", 2), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("1\t0/0\tx\n", 2), std::nullopt);
  EXPECT_EQ(ParseTimelineHistory("", 0), std::nullopt);
}

const TimelineEntry kFirst{1, Lsn(), Lsn()};

TimelineEntry FirstUntil(std::uint64_t end) { return {1, Lsn(), Lsn(end)}; }

TEST(CommonTimelineTest, HasNoEndWhileBothGoOnWithIt) {
  EXPECT_EQ(FindCommonTimeline({kFirst}, {kFirst}), (CommonTimeline{1, Lsn()}));
}

TEST(CommonTimelineTest, EndsWhereOneLeftItAndTheOtherWentOn) {
  const TimelineHistory stayed{kFirst};
  const TimelineHistory promoted{FirstUntil(0xA0), {2, Lsn(0xA0), Lsn()}};

  EXPECT_EQ(FindCommonTimeline(stayed, promoted), (CommonTimeline{1, Lsn(0xA0)}));
  EXPECT_EQ(FindCommonTimeline(promoted, stayed), (CommonTimeline{1, Lsn(0xA0)}));
}

TEST(CommonTimelineTest, IsNotTheSameNumberThatBeginsElsewhere) {
  const TimelineHistory one{FirstUntil(0xA0), {2, Lsn(0xA0), Lsn()}};
  const TimelineHistory other{FirstUntil(0xB0), {2, Lsn(0xB0), Lsn(0xC0)}, {3, Lsn(0xC0), Lsn()}};

  EXPECT_EQ(FindCommonTimeline(one, other), (CommonTimeline{1, Lsn(0xA0)}));
  EXPECT_EQ(FindCommonTimeline(other, one), (CommonTimeline{1, Lsn(0xA0)}));
}

TEST(CommonTimelineTest, IsNotAnotherNumberThatBeginsAtTheSamePlace) {
  const TimelineHistory one{FirstUntil(0xA0), {2, Lsn(0xA0), Lsn()}};
  const TimelineHistory other{FirstUntil(0xA0), {3, Lsn(0xA0), Lsn()}};

  EXPECT_EQ(FindCommonTimeline(one, other), (CommonTimeline{1, Lsn(0xA0)}));
}

TEST(CommonTimelineTest, IsTheLastOfSeveral) {
  const TimelineHistory one{FirstUntil(0xA0), {2, Lsn(0xA0), Lsn()}};
  const TimelineHistory other{FirstUntil(0xA0), {2, Lsn(0xA0), Lsn(0xC0)}, {3, Lsn(0xC0), Lsn()}};

  EXPECT_EQ(FindCommonTimeline(one, other), (CommonTimeline{2, Lsn(0xC0)}));
}

TEST(CommonTimelineTest, IsNoneIfTheFirstOnesDiffer) {
  EXPECT_EQ(FindCommonTimeline({kFirst}, {{2, Lsn(), Lsn()}}), std::nullopt);
  EXPECT_EQ(FindCommonTimeline({}, {kFirst}), std::nullopt);
}

TEST(TimelineOfSegmentTest, IsTheNewestThatBeginsInIt) {
  const TimelineHistory history{FirstUntil(0x150),
                                {2, Lsn(0x150), Lsn(0x170)},
                                {3, Lsn(0x170), Lsn(0x300)},
                                {4, Lsn(0x300), Lsn()}};

  EXPECT_EQ(TimelineOfSegment(history, Lsn(0x100)), 1u);
  EXPECT_EQ(TimelineOfSegment(history, Lsn(0x200)), 3u);
  EXPECT_EQ(TimelineOfSegment(history, Lsn(0x300)), 3u);
  EXPECT_EQ(TimelineOfSegment(history, Lsn(0x400)), 4u);
  EXPECT_EQ(TimelineOfSegment({}, Lsn(0x400)), 0u);
}

}  // namespace
}  // namespace baton::core
