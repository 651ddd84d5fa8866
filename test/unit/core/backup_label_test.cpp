#include "core/backup_label.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr const char* kLabel =
    "START WAL LOCATION: 0/17000028 (file 000000010000000000000017)\n"
    "CHECKPOINT LOCATION: 0/17000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-11-28 14:13:27 UTC\n"
    "LABEL: pg_basebackup base backup\n"
    "START TIMELINE: 3\n";

TEST(ParseBackupLabel, ReadsWhereAndWhenItBegan) {
  const auto label = ParseBackupLabel(kLabel);

  ASSERT_TRUE(label);
  EXPECT_EQ(label->start, Lsn(0x17000028));
  EXPECT_EQ(label->timeline, 3U);
  EXPECT_EQ(label->start_time, "2026-11-28 14:13:27 UTC");
  EXPECT_EQ(label->label, "pg_basebackup base backup");
  EXPECT_FALSE(label->is_incremental);
  EXPECT_TRUE(label->stop.IsNone());
}

TEST(ParseBackupLabel, ReadsWhereABackupEndsInItsNote) {
  const auto note = ParseBackupLabel(
      "START WAL LOCATION: 0/17000028 (file x)\n"
      "STOP WAL LOCATION: 0/17000138 (file x)\n"
      "START TIMELINE: 3\n");

  ASSERT_TRUE(note);
  EXPECT_EQ(note->stop, Lsn(0x17000138));
}

TEST(ParseBackupLabel, TellsAnIncrementalOne) {
  const auto label = ParseBackupLabel(std::string(kLabel) + "INCREMENTAL FROM LSN: 0/3000028\n" +
                                      "INCREMENTAL FROM TLI: 1\n");

  ASSERT_TRUE(label);
  EXPECT_TRUE(label->is_incremental);
}

TEST(ParseBackupLabel, TakesNothingElse) {
  EXPECT_FALSE(ParseBackupLabel(""));
  EXPECT_FALSE(ParseBackupLabel("START WAL LOCATION: 0/17000028 (file x)\n"));
  EXPECT_FALSE(ParseBackupLabel("START WAL LOCATION: x\nSTART TIMELINE: 1\n"));
  EXPECT_FALSE(ParseBackupLabel("START WAL LOCATION: 0/17000028\nSTART TIMELINE: 0\n"));
}

TEST(IsNewer, ATimelineComesBeforeAPosition) {
  BackupLabel one{Lsn(0x2000028), 2, "", "", false, Lsn()};
  BackupLabel other{Lsn(0x9000028), 1, "", "", false, Lsn()};

  EXPECT_TRUE(IsNewer(one, other));
  EXPECT_FALSE(IsNewer(other, one));
  other.timeline = 2;
  EXPECT_TRUE(IsNewer(other, one));
  EXPECT_FALSE(IsNewer(one, one));
}

}  // namespace
}  // namespace baton::core
