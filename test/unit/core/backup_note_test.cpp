#include "core/backup_note.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr std::uint64_t kSegment = std::uint64_t{16} * 1024 * 1024;

TEST(BackupNoteNamed, TellsWhereTheBackupBegan) {
  const auto note = BackupNoteNamed("00000002000000010000000A.00D0C028.backup.zst", kSegment);

  ASSERT_TRUE(note);
  EXPECT_EQ(note->name, "00000002000000010000000A.00D0C028.backup");
  EXPECT_EQ(note->timeline, 2U);
  EXPECT_EQ(note->start, *Lsn::Parse("1/AD0C028"));
  EXPECT_TRUE(note->stop.IsNone());
}

TEST(BackupNoteNamed, IsNoneOfOtherFiles) {
  EXPECT_FALSE(BackupNoteNamed("00000002000000010000000A", kSegment));
  EXPECT_FALSE(BackupNoteNamed("backup_label", kSegment));
}

}  // namespace
}  // namespace baton::core
