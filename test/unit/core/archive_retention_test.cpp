#include "core/archive_retention.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kSegment = 16 * 1024 * 1024;

ArchivedFile File(const std::string& name) { return {name, *ParseArchivedName(name), kSegment}; }
// Segments `first` to `last` of a timeline.
void Add(RetentionFacts& facts, TimelineId timeline, int first, int last) {
  for (int i = first; i <= last; ++i) {
    facts.files.push_back(File(fmt::format("{:08X}{:08X}{:08X}", timeline, 0, i)));
  }
}
Lsn At(int segment, std::uint64_t offset = 0x28) {
  return Lsn(static_cast<std::uint64_t>(segment) * kSegment + offset);
}
RetentionFacts Facts(std::vector<WalNeed> needs) {
  RetentionFacts facts;
  facts.segment_bytes = kSegment;
  facts.needs = std::move(needs);
  return facts;
}
std::vector<std::string> Names(const std::vector<ArchivedFile>& files) {
  std::vector<std::string> names;
  for (const ArchivedFile& file : files) names.push_back(file.file);
  return names;
}

TEST(ArchiveRetention, KeepsFromTheSegmentInWhichTheOldestNeedBegins) {
  RetentionFacts facts = Facts({{"standby \"b\"", At(5), 1}, {"base backup x", At(3), 1}});
  Add(facts, 1, 1, 5);

  const Retention retention = DecideRetention(facts);

  EXPECT_THAT(Names(retention.doomed),
              ElementsAre("000000010000000000000001", "000000010000000000000002"));
  EXPECT_EQ(retention.limit.who, "base backup x");
  EXPECT_EQ(retention.limit_segment, "000000010000000000000003");
  EXPECT_THAT(retention.going,
              ElementsAre(ArchiveSpan{1, 2, 2 * kSegment, "000000010000000000000001",
                                      "000000010000000000000002"}));
  EXPECT_THAT(retention.staying,
              ElementsAre(ArchiveSpan{1, 3, 3 * kSegment, "000000010000000000000003",
                                      "000000010000000000000005"}));
}

TEST(ArchiveRetention, KeepsAllWhereTheOldestNeedIsAsOldAsTheArchive) {
  RetentionFacts facts = Facts({{"base backup x", At(1), 1}});
  Add(facts, 1, 1, 3);

  EXPECT_THAT(DecideRetention(facts).doomed, IsEmpty());
}

TEST(ArchiveRetention, LetsNotesAndPartialSegmentsGoWithTheirSegmentAndHistoriesNever) {
  RetentionFacts facts = Facts({{"base backup x", At(3), 2}});
  for (const char* const name :
       {"00000002.history", "000000010000000000000002.partial",
        "000000010000000000000002.00000028.backup", "000000020000000000000003.00000028.backup",
        "000000010000000000000003.partial", "000000010000000000000001.zst"}) {
    facts.files.push_back(File(name));
  }

  const Retention retention = DecideRetention(facts);

  EXPECT_THAT(Names(retention.doomed), ElementsAre("000000010000000000000001.zst",
                                                   "000000010000000000000002.00000028.backup",
                                                   "000000010000000000000002.partial"));
  EXPECT_EQ(retention.histories, 1);
}

TEST(ArchiveRetention, GoesByPositionWhateverTheTimeline) {
  RetentionFacts facts = Facts({{"base backup x", At(6), 2}});
  Add(facts, 1, 1, 5);
  Add(facts, 2, 5, 7);

  const Retention retention = DecideRetention(facts);

  // Segment 5 of timeline 2 is older than the backup; oldest first, whatever the timeline.
  EXPECT_EQ(Names(retention.doomed).front(), "000000010000000000000001");
  EXPECT_EQ(Names(retention.doomed).back(), "000000020000000000000005");
  EXPECT_EQ(retention.doomed.size(), 6u);
}

TEST(ArchiveRetention, KeepsTheOldTimelineOfABackupThatWasMadeBeforeAPromotion) {
  RetentionFacts facts = Facts({{"base backup x", At(3), 1}, {"standby \"b\"", At(7), 2}});
  facts.histories[2] = {{1, {}, At(5)}, {2, At(5), {}}};
  Add(facts, 1, 2, 5);
  Add(facts, 2, 5, 7);

  EXPECT_THAT(Names(DecideRetention(facts).doomed), ElementsAre("000000010000000000000002"));
}

TEST(ArchiveRetention, SparesALaterTimelineThatLeftBeforeTheLimit) {
  RetentionFacts facts = Facts({{"base backup x", At(6), 1}});
  facts.histories[2] = {{1, {}, At(3)}, {2, At(3), {}}};
  facts.histories[3] = {{1, {}, At(7)}, {3, At(7), {}}};
  Add(facts, 1, 5, 7);
  Add(facts, 2, 3, 5);
  Add(facts, 3, 7, 8);
  Add(facts, 4, 2, 2);
  facts.files.push_back(File("00000005.history"));

  const Retention retention = DecideRetention(facts);

  EXPECT_THAT(Names(retention.doomed), ElementsAre("000000010000000000000005"));
  EXPECT_THAT(retention.spared, ElementsAre(2, 4)) << "of 4 no history is there";
}

TEST(ArchiveRetention, GoesByPositionAloneWhereThatIsAllThatWasSaid) {
  RetentionFacts facts = Facts({{"--keep-from", At(6), 0}});
  Add(facts, 1, 5, 5);
  Add(facts, 2, 5, 6);

  const Retention retention = DecideRetention(facts);

  EXPECT_THAT(Names(retention.doomed),
              ElementsAre("000000010000000000000005", "000000020000000000000005"));
  EXPECT_EQ(retention.limit_segment, "");
}

TEST(ArchiveRetention, GoesBySegmentsOfOtherSizes) {
  RetentionFacts facts = Facts({{"base backup x", Lsn(0x100000000), 1}});
  facts.segment_bytes = 1024 * 1024;
  facts.files = {File("000000010000000000000FFF"), File("000000010000000100000000")};

  EXPECT_THAT(Names(DecideRetention(facts).doomed), ElementsAre("000000010000000000000FFF"));
}

TEST(ArchiveRetention, ReadsTheBeginningOfABackupFromItsNotesName) {
  const auto need = NeedOfBackupNote("00000002000000010000000A.00D0C028.backup", kSegment);

  ASSERT_TRUE(need);
  EXPECT_EQ(need->from.ToString(), "1/AD0C028");
  EXPECT_EQ(need->timeline, 2u);
  EXPECT_EQ(need->who, "base backup 00000002000000010000000A.00D0C028.backup");
  EXPECT_FALSE(NeedOfBackupNote("00000002000000010000000A", kSegment));
  EXPECT_FALSE(NeedOfBackupNote("hello", kSegment));
}

TEST(ArchiveRetention, TakesTheNewestBackupsByTimelineFirst) {
  const WalNeed oldest{"base backup a", At(9), 1};
  const WalNeed middle{"base backup b", At(4), 2};
  const WalNeed newest{"base backup c", At(6), 2};

  EXPECT_THAT(NewestBackups({oldest, newest, middle, newest}, 2), ElementsAre(newest, middle));
  EXPECT_THAT(NewestBackups({oldest, newest, middle}, 0), ElementsAre(newest, middle, oldest));
  EXPECT_THAT(NewestBackups({middle}, 3), ElementsAre(middle));
  EXPECT_THAT(NewestBackups({}, 3), IsEmpty());
}

TEST(ArchiveRetention, KeepsWhatStandbysHaveNotReplayed) {
  std::vector<WalNeed> needs;

  const Problems problems = AddNeedsOfNodes({{"a", "primary", true, 1, At(9), {}},
                                             {"b", "standby", true, 1, At(9), At(8)},
                                             {"c", "standby", false, 1, At(4), At(3)},
                                             {"d", "standby", true, 1, {}, At(7)}},
                                            needs);

  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(needs,
              ElementsAre(WalNeed{"primary \"a\"", At(9), 1}, WalNeed{"standby \"b\"", At(8), 1},
                          WalNeed{"standby \"c\"", At(3), 1}, WalNeed{"standby \"d\"", At(7), 1}));
}

TEST(ArchiveRetention, RefusesWhereAPositionIsNotKnown) {
  std::vector<WalNeed> needs;

  const Problems problems =
      AddNeedsOfNodes({{"b", "", false, 0, {}, {}}, {"c", "primary", false, 1, At(4), {}}}, needs);

  EXPECT_THAT(needs, IsEmpty());
  EXPECT_THAT(
      problems,
      ElementsAre(
          Problem{"the position of node \"b\" is not known", "It may need any WAL that is there.",
                  "Wait until it answers, or take it out of the registry by "
                  "baton.unregister_node()."},
          Problem{"node \"c\" was a primary and does not answer",
                  "To be brought back it may need WAL from before the others left it.",
                  "Wait until it answers, or take it out of the registry by "
                  "baton.unregister_node()."}));
}

}  // namespace
}  // namespace baton::core
