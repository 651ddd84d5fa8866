#include "core/restore_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::core {
namespace {

using testing::HasSubstr;
using testing::Not;

ScratchFolderFacts SoundFolder() {
  ScratchFolderFacts facts;
  facts.path = "/scratch";
  facts.exists = facts.is_directory = facts.is_own = facts.is_empty = facts.can_create = true;
  facts.needed_bytes = 1000;
  facts.free_bytes = 1000;
  return facts;
}

std::string MessageOf(const ScratchFolderFacts& facts) {
  const Problems problems = CheckScratchFolder(facts);
  return problems.empty() ? "" : problems.front().message;
}

TEST(CheckScratchFolder, TakesAnEmptyOneANewOneAndALeftover) {
  EXPECT_EQ(MessageOf(SoundFolder()), "");

  ScratchFolderFacts absent = SoundFolder();
  absent.exists = absent.is_directory = absent.is_own = absent.is_empty = false;
  EXPECT_EQ(MessageOf(absent), "");

  ScratchFolderFacts leftover = SoundFolder();
  leftover.is_empty = false;
  leftover.is_leftover = true;
  EXPECT_EQ(MessageOf(leftover), "");
}

TEST(CheckScratchFolder, RefusesWhatIsSomebodyElses) {
  ScratchFolderFacts facts = SoundFolder();
  facts.can_create = false;
  EXPECT_EQ(MessageOf(facts), "cannot write to \"/scratch\"");
  facts.is_empty = false;
  EXPECT_EQ(MessageOf(facts), "scratch directory \"/scratch\" is not empty");
  facts.is_own = false;
  EXPECT_EQ(MessageOf(facts), "scratch directory \"/scratch\" is not this user's own");
  facts.is_directory = false;
  EXPECT_EQ(MessageOf(facts), "scratch directory \"/scratch\" is no directory");
  facts.forbidden = "/archive";
  EXPECT_EQ(MessageOf(facts),
            "scratch directory \"/scratch\" and \"/archive\" are inside one another");
  facts.data_directory = "/data";
  EXPECT_EQ(MessageOf(facts), "scratch directory \"/scratch\" is in a data directory");
}

TEST(CheckScratchFolder, WantsRoom) {
  ScratchFolderFacts facts = SoundFolder();
  facts.free_bytes = 999;

  EXPECT_EQ(CheckScratchFolder(facts),
            (Problems{{"not enough free space in \"/scratch\"",
                       "999 B are free, and 1000 B are needed for the backup and some WAL.",
                       "Free some space, or name a folder elsewhere with --scratch-directory."}}));
  facts.free_bytes.reset();
  EXPECT_EQ(MessageOf(facts), "") << "where nobody can tell, it is tried";
}

TEST(ScratchConfiguration, ReachesNobody) {
  ScratchServerFacts facts;
  facts.major = 15;
  facts.socket_directory = "/it's";
  facts.restore_command = "a\\b\nc";
  facts.target_lsn = "0/3000060";
  facts.minimums = {{"max_connections", "33"}};

  const std::string text = ScratchConfiguration(facts);

  for (const char* const line :
       {"listen_addresses = ''\n", "archive_mode = 'off'\n",
        "max_logical_replication_workers = '0'\n", "shared_preload_libraries = ''\n",
        "primary_conninfo = ''\n", "unix_socket_directories = '/it''s'\n",
        "restore_command = 'a\\\\b\\nc'\n", "recovery_target_lsn = '0/3000060'\n",
        "max_connections = '33'\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("recovery_target_time =")));
  EXPECT_THAT(text, Not(HasSubstr("event_triggers")));
  facts.major = 17;
  EXPECT_THAT(ScratchConfiguration(facts), HasSubstr("event_triggers = 'off'\n"));
}

TEST(WithoutRemoval, PutsAFileBeforeAllOthersForTheOldestNeeded) {
  EXPECT_EQ(WithoutRemoval("get %f %p; clean %r %%r %"),
            "get %f %p; clean 000000000000000000000000 %%r %");
}

constexpr std::uint64_t kSegmentBytes = 16 * 1024 * 1024;

TEST(FindShortfall, IsNoneAtTheArchivesEnd) {
  RestoreEnd end{Lsn(0x6000000), 1, kSegmentBytes, "000000010000000000000005", "", false};

  EXPECT_FALSE(FindShortfall(end)) << "the last segment ends where recovery did";
  end.end = Lsn(0x5000100);
  EXPECT_FALSE(FindShortfall(end)) << "it was ended early";
}

TEST(FindShortfall, NamesTheMissingSegment) {
  const RestoreEnd end{Lsn(0x4000000),          1,    kSegmentBytes, "000000010000000000000005",
                       "The server said: why.", false};

  const auto problem = FindShortfall(end);

  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->message, "the archive can be restored up to 0/4000000 on timeline 1 only");
  EXPECT_EQ(problem->detail,
            "The archive has segments up to 000000010000000000000005; 000000010000000000000004 is "
            "missing, or is damaged.  The server said: why.");
}

TEST(FindShortfall, NamesASegmentWhoseRestIsDamaged) {
  const auto problem =
      FindShortfall({Lsn(0x4000100), 1, kSegmentBytes, "000000010000000000000005", "", false});

  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->detail,
            "The archive has segments up to 000000010000000000000005; the rest of "
            "000000010000000000000004 is missing, or is damaged.");
}

TEST(FindShortfall, SaysThatANewerTimelineWasNotReached) {
  const auto problem =
      FindShortfall({Lsn(0x4000000), 1, kSegmentBytes, "000000020000000000000004", "", false});

  ASSERT_TRUE(problem);
  EXPECT_THAT(problem->detail, HasSubstr("or the way to timeline 2 is not known"));
}

TEST(FindShortfall, IsNotLookedForWithATarget) {
  EXPECT_FALSE(
      FindShortfall({Lsn(0x4000000), 1, kSegmentBytes, "000000010000000000000005", "", true}));
}

}  // namespace
}  // namespace baton::core
