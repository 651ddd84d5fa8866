#include "core/restore_command.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr std::uint64_t kMegabytes16 = 16 * 1024 * 1024;

TEST(SegmentName, IsOfTheSegmentThatHasTheByte) {
  EXPECT_EQ(SegmentName(1, Lsn(0x3000060), kMegabytes16), "000000010000000000000003");
  EXPECT_EQ(SegmentName(1, Lsn(0x2FFFFFF), kMegabytes16), "000000010000000000000002");
  EXPECT_EQ(SegmentName(1, Lsn(0x3000000), kMegabytes16), "000000010000000000000003");
  EXPECT_EQ(SegmentName(0x1A, Lsn(0x5FF000000), kMegabytes16), "0000001A00000005000000FF");
}

TEST(SegmentName, HeedsTheSizeOfSegments) {
  EXPECT_EQ(SegmentName(1, Lsn(0x100000000), 1024 * 1024), "000000010000000100000000");
  EXPECT_EQ(SegmentName(1, Lsn(0x0FFFFFFFF), 1024 * 1024), "000000010000000000000FFF");
  EXPECT_EQ(SegmentName(1, Lsn(0x180000000), 1024 * 1024 * 1024), "000000010000000100000002");
}

TEST(HistoryName, IsThatOfTheTimeline) { EXPECT_EQ(HistoryName(26), "0000001A.history"); }

TEST(ExpandRestoreCommand, PutsInFileAndPath) {
  EXPECT_EQ(ExpandRestoreCommand("cp \"/archive/%f\" '%p' && echo %f", "F", "a/P"),
            "cp \"/archive/F\" 'a/P' && echo F");
}

TEST(ExpandRestoreCommand, LetsNothingBeDeleted) {
  EXPECT_EQ(ExpandRestoreCommand("cleanup %r", "F", "P"), "cleanup 000000000000000000000000");
}

TEST(ExpandRestoreCommand, KeepsWhatIsNoPlaceholder) {
  EXPECT_EQ(ExpandRestoreCommand("date +%%s %x 100%", "F", "P"), "date +%s %x 100%");
  EXPECT_EQ(ExpandRestoreCommand("%%f", "F", "P"), "%f");
  EXPECT_EQ(ExpandRestoreCommand("", "F", "P"), "");
}

TEST(ExpandArchiveCommand, PutsInFileAndPath) {
  EXPECT_EQ(ExpandArchiveCommand("cp '%p' \"/archive/%f\" && date +%%s", "F", "pg_wal/F"),
            "cp 'pg_wal/F' \"/archive/F\" && date +%s");
}

TEST(ExpandArchiveCommand, HasNoOldestFile) {
  EXPECT_EQ(ExpandArchiveCommand("cleanup %r 100%", "F", "P"), "cleanup %r 100%");
}

TEST(ArchiveGetCommand, QuotesForTheShellAndForTheServer) {
  const std::string command = ArchiveGetCommand("/usr/bin/pg_baton", "/it's 100%");

  EXPECT_EQ(command,
            "'/usr/bin/pg_baton' archive-get '%f' '%p' --archive-directory='/it'\\''s 100%%'");
  EXPECT_EQ(ExpandRestoreCommand(command, "F", "P"),
            "'/usr/bin/pg_baton' archive-get 'F' 'P' --archive-directory='/it'\\''s 100%'");
}

}  // namespace
}  // namespace baton::core
