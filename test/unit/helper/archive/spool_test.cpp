#include "helper/archive/spool.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "helper/archive/prefetch.hpp"
#include "helper/system/file.hpp"
#include "test/unit/archive/segments.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using archive::Store;
using test::kOrigin;
using test::kSegmentBytes;
using test::MakeSegment;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kThree = "000000010000000000000003";
constexpr const char* kFour = "000000010000000000000004";

class SpoolTest : public testing::Test {
 protected:
  SpoolTest()
      : archive_(directory_ / "archive"),
        to_(directory_ / "RECOVERYXLOG"),
        spool_(directory_ / "pg_baton" / "spool", kOrigin) {
    fs::create_directory(archive_);
    spool_.Make();
    for (const char* const name : {kThree, kFour}) {
      ReplaceFile(archive_ / name, MakeSegment(name));
    }
  }

  Store::Entry Archived(const std::string& name) const { return *Store(archive_).Find(name); }
  fs::path OnlyFile() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(spool_.folder())) files.push_back(entry);
    EXPECT_EQ(files.size(), 1u);
    return files.at(0);
  }

  TemporaryDirectory directory_;
  fs::path archive_;
  fs::path to_;
  Spool spool_;
};

TEST_F(SpoolTest, GivesOnceWhatWasKept) {
  spool_.Keep(kThree, Archived(kThree));
  EXPECT_THAT(spool_.Segments(), ElementsAre(kThree));

  EXPECT_TRUE(spool_.Take(kThree, Archived(kThree), to_));

  EXPECT_TRUE(ReadFile(to_) == MakeSegment(kThree));
  EXPECT_FALSE(spool_.Take(kThree, Archived(kThree), to_));
  EXPECT_THAT(spool_.Segments(), IsEmpty());
}

TEST_F(SpoolTest, KeepsNothingTwice) {
  spool_.Keep(kThree, Archived(kThree));
  const auto written = fs::last_write_time(OnlyFile());

  spool_.Keep(kThree, Archived(kThree));

  EXPECT_EQ(fs::last_write_time(OnlyFile()), written);
}

TEST_F(SpoolTest, HasNothingOfAnArchivesFileThatWasReplaced) {
  spool_.Keep(kThree, Archived(kThree));

  // Of the same size, and of the same time.
  const auto time = fs::last_write_time(archive_ / kThree);
  ReplaceFile(archive_ / kThree, MakeSegment(kThree, 'x'));
  fs::last_write_time(archive_ / kThree, time);

  EXPECT_FALSE(spool_.Take(kThree, Archived(kThree), to_));
}

TEST_F(SpoolTest, HasNothingOfAnArchivesFileThatWasChangedInPlace) {
  spool_.Keep(kThree, Archived(kThree));

  std::ofstream(archive_ / kThree, std::ios::app | std::ios::binary) << "x";

  EXPECT_FALSE(spool_.Take(kThree, Archived(kThree), to_));
}

TEST_F(SpoolTest, HasNothingOfAnotherArchiveOrCluster) {
  spool_.Keep(kThree, Archived(kThree));
  fs::create_directory(directory_ / "other");
  fs::create_hard_link(archive_ / kThree, directory_ / "other" / kThree);

  EXPECT_FALSE(spool_.Take(kThree, *Store(directory_ / "other").Find(kThree), to_));
  const Spool of_another(spool_.folder(), {kOrigin.system_identifier + 1, 0, 0});
  EXPECT_FALSE(of_another.Take(kThree, Archived(kThree), to_));
  EXPECT_FALSE(fs::exists(to_));
}

TEST_F(SpoolTest, RemovesWhatIsNotWhatItsNameSays) {
  for (const std::string& wrong : {std::string(), MakeSegment(kThree).substr(0, kSegmentBytes / 2),
                                   MakeSegment(kFour), std::string(kSegmentBytes, '\0')}) {
    spool_.Keep(kThree, Archived(kThree));
    std::ofstream(OnlyFile(), std::ios::trunc | std::ios::binary) << wrong;

    EXPECT_FALSE(spool_.Take(kThree, Archived(kThree), to_)) << wrong.size();

    EXPECT_THAT(spool_.Segments(), IsEmpty());
    EXPECT_FALSE(fs::exists(to_));
  }
}

TEST_F(SpoolTest, KeepsNothingThatIsDamaged) {
  ReplaceFile(archive_ / kThree, MakeSegment(kFour));

  EXPECT_THROW(spool_.Keep(kThree, Archived(kThree)), core::Error);

  EXPECT_TRUE(fs::is_empty(spool_.folder()));
}

TEST_F(SpoolTest, DropsWhatIsNotWantedAndNothingOfOthers) {
  spool_.Keep(kThree, Archived(kThree));
  spool_.Keep(kFour, Archived(kFour));
  const std::string cut_short = std::string(kThree) + "-1-2-3-4_5-6.pg_baton.abc123";
  for (const std::string& name :
       {cut_short, std::string("notes"), std::string(kThree), std::string(kThree) + ".backup"}) {
    ReplaceFile(spool_.folder() / name, "x");
  }

  spool_.DropAllBut({kFour});

  EXPECT_THAT(spool_.Segments(), ElementsAre(kFour));
  EXPECT_TRUE(fs::exists(spool_.folder() / cut_short)) << "somebody may be at it";
  spool_.DropUnfinished();
  EXPECT_FALSE(fs::exists(spool_.folder() / cut_short));
  for (const std::string& name :
       {std::string("notes"), std::string(kThree), std::string(kThree) + ".backup"}) {
    EXPECT_TRUE(fs::exists(spool_.folder() / name)) << name;
  }
}

TEST_F(SpoolTest, IsFilledByOneAtATime) {
  const auto lock = spool_.TryLock();
  ASSERT_TRUE(lock);

  EXPECT_FALSE(spool_.TryLock());

  close(*lock);
  const auto again = spool_.TryLock();
  EXPECT_TRUE(again);
  if (again) close(*again);
}

TEST_F(SpoolTest, IsNotThereUntilItIsMade) {
  const Spool none(directory_ / "none" / "spool", kOrigin);

  EXPECT_THAT(none.Segments(), IsEmpty());
  none.DropAllBut({});
  EXPECT_FALSE(none.Take(kThree, Archived(kThree), to_));
}

TEST(SpooledName, IsToldFromOthers) {
  const auto whole = ParseSpooledName("000000010000000000000003-1-2-3-4_5-6");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->segment, kThree);
  EXPECT_TRUE(whole->is_whole);
  const auto unfinished = ParseSpooledName("000000010000000000000003-1-2-3-4_5-6.pg_baton.a1B2c3");
  ASSERT_TRUE(unfinished);
  EXPECT_FALSE(unfinished->is_whole);
  for (const char* const other :
       {"", "lock", "000000010000000000000003", "000000010000000000000003.partial",
        "000000010000000000000003-1.backup", "00000001000000000000000g-1", "00000002.history"}) {
    EXPECT_FALSE(ParseSpooledName(other)) << other;
  }
}

TEST(NextSegments, AreOfTheSameTimelineAndGoOnAcrossTheNumberOfTheFile) {
  EXPECT_THAT(NextSegments("0000000200000001000000FE", 16 * 1024 * 1024, 3),
              ElementsAre("0000000200000001000000FF", "000000020000000200000000",
                          "000000020000000200000001"));
  EXPECT_THAT(NextSegments("000000020000000100000FFF", 1024 * 1024, 1),
              ElementsAre("000000020000000200000000"));
  EXPECT_THAT(NextSegments(kThree, kSegmentBytes, 0), IsEmpty());
}

TEST_F(SpoolTest, IsFilledInTheBackground) {
  PrefetchPlan plan{{archive_}, "000000010000000000000002", kSegmentBytes, 4,
                    2,          std::chrono::seconds(60)};
  // Of another timeline, where the server was before.
  ReplaceFile(spool_.folder() / "000000020000000000000009-1-2-3-4_5-6", "x");

  StartPrefetch(spool_, plan);

  // The lock is free again when it has ended.
  std::optional<int> lock;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!lock && std::chrono::steady_clock::now() < end) lock = spool_.TryLock();
  ASSERT_TRUE(lock);
  close(*lock);
  EXPECT_THAT(spool_.Segments(), UnorderedElementsAre(kThree, kFour));
}

}  // namespace
}  // namespace baton::helper
