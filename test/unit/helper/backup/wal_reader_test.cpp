#include "helper/backup/wal_reader.hpp"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using core::Lsn;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kSegment = std::uint64_t{1} << 20;

void Write(const std::filesystem::path& path, const std::string& content = "") {
  std::ofstream(path) << content;
}

TEST(WalFoldersTest, GiveTheFirstFolderThatHasTheFile) {
  const TemporaryDirectory one;
  const TemporaryDirectory other;
  Write(one / "a");
  Write(other / "a");
  Write(other / "b");
  const WalFolders folders(std::vector{one.path(), other.path()});

  EXPECT_EQ(folders.Find("a"), one / "a");
  EXPECT_EQ(folders.Find("b"), other / "b");
  EXPECT_EQ(folders.Find("c"), std::nullopt);
}

TEST(TimelineHistoryFileTest, IsTheTimelineAloneIfThereIsNone) {
  const TemporaryDirectory folder;

  EXPECT_EQ(ReadTimelineHistory(folder.path(), 3), (core::TimelineHistory{{3, Lsn(), Lsn()}}));
}

TEST(TimelineHistoryFileTest, IsNotTrustedIfItIsDamaged) {
  const TemporaryDirectory folder;
  Write(folder / "00000002.history", "1\t0/A0\tno recovery target specified\n");
  Write(folder / "00000003.history", "one\n");

  EXPECT_EQ(ReadTimelineHistory(folder.path(), 2),
            (core::TimelineHistory{{1, Lsn(), Lsn(0xA0)}, {2, Lsn(0xA0), Lsn()}}));
  EXPECT_THROW(ReadTimelineHistory(folder.path(), 3), core::Error);
}

TEST(MissingSegmentsTest, AreAskedForOnTheTimelineThatTheirEndIsOn) {
  const TemporaryDirectory folder;
  const core::TimelineHistory history{{1, Lsn(), Lsn(2 * kSegment + 100)},
                                      {2, Lsn(2 * kSegment + 100), Lsn()}};
  Write(folder / "000000010000000000000001");
  Write(folder / "000000010000000000000002");

  EXPECT_THAT(
      MissingSegments(folder.path(), history, Lsn(kSegment), Lsn(3 * kSegment + 1), kSegment),
      ElementsAre("000000020000000000000002", "000000020000000000000003"));
  EXPECT_THAT(
      MissingSegments(folder.path(), history, Lsn(kSegment + 5), Lsn(2 * kSegment), kSegment),
      IsEmpty());
}

TEST(WalFormatTest, IsReadFromTheFirstPageOfASegment) {
  const TemporaryDirectory folder;
  std::string header(40, '\0');
  const std::uint32_t sizes[2] = {1 << 20, 16384};
  std::memcpy(header.data() + 32, sizes, sizeof(sizes));
  Write(folder / "000000010000000000000001", "short");
  Write(folder / "000000010000000000000002", header);

  const core::WalFormat format = ReadWalFormat(folder.path());

  EXPECT_EQ(format.segment_bytes, kSegment);
  EXPECT_EQ(format.page_bytes, 16384u);
}

TEST(WalFormatTest, IsNotKnownWithoutASegment) {
  const TemporaryDirectory folder;
  Write(folder / "000000010000000000000001", std::string(40, '\0'));

  EXPECT_THROW(ReadWalFormat(folder.path()), core::Error);
}

}  // namespace
}  // namespace baton::helper
