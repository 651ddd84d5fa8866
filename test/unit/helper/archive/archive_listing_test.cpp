#include "helper/archive/archive_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/store.hpp"
#include "helper/system/file.hpp"
#include "test/unit/archive/segments.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using test::kOrigin;
using test::kSegmentBytes;
using test::kSystemIdentifier;
using test::MakeSegment;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kThree = "000000010000000000000003";
constexpr const char* kFour = "000000010000000000000004";

class ArchiveListingTest : public testing::Test {
 protected:
  void Put(const std::string& name, const std::string& content,
           core::Packing packing = core::Packing::kPlain) {
    ReplaceFile(source_ / name, content);
    archive::Store(directory_.path()).Put(source_ / name, name, packing, kOrigin);
  }

  TemporaryDirectory source_;
  TemporaryDirectory directory_;
};

TEST_F(ArchiveListingTest, TellsWhatIsThere) {
  Put(kThree, MakeSegment(kThree), core::Packing::kZstd);
  Put(kFour, MakeSegment(kFour));
  Put("00000002.history", "1\t0/300000\tno recovery target specified\n");
  ReplaceFile(directory_ / "notes.txt", "x");
  fs::create_directory(directory_ / "000000010000000000000005");
  fs::create_symlink(directory_ / kFour, directory_ / "000000010000000000000006");

  const ArchiveListing listing = ListArchive(directory_.path());

  ASSERT_EQ(listing.files.size(), 3u);
  EXPECT_EQ(listing.files[0].file, std::string(kThree) + ".zst");
  EXPECT_EQ(listing.files[1].file, kFour);
  EXPECT_EQ(listing.files[1].bytes, kSegmentBytes);
  EXPECT_EQ(listing.files[2].file, "00000002.history");
  EXPECT_THAT(listing.unknown,
              ElementsAre("000000010000000000000005", "000000010000000000000006", "notes.txt"));
  EXPECT_EQ(listing.histories.at(2).size(), 2u);
  EXPECT_EQ(listing.system_identifier, kSystemIdentifier);
  EXPECT_EQ(listing.segment_bytes, kSegmentBytes);
}

TEST_F(ArchiveListingTest, PassesOverWhatCannotBeRead) {
  ReplaceFile(directory_ / "00000002.history", "hello");
  ReplaceFile(directory_ / kThree, "");
  ReplaceFile(directory_ / (std::string(kThree) + ".zst"), "x");
  ReplaceFile(directory_ / kFour, MakeSegment(kFour));

  const ArchiveListing listing = ListArchive(directory_.path());

  EXPECT_THAT(listing.histories, IsEmpty());
  EXPECT_EQ(listing.segment_bytes, kSegmentBytes);
}

TEST_F(ArchiveListingTest, RefusesTwoClusters) {
  std::string foreign = MakeSegment(kFour);
  foreign[24] ^= 1;
  ReplaceFile(directory_ / kThree, MakeSegment(kThree));
  ReplaceFile(directory_ / kFour, foreign);

  const core::Error error = ErrorOf([&] { ListArchive(directory_.path()); });

  EXPECT_EQ(error.code(), core::ErrorCode::kRefused);
  EXPECT_THAT(error.message(), HasSubstr("has WAL of more than one cluster"));
}

TEST_F(ArchiveListingTest, RefusesArchivesOfOthersByName) {
  const auto refusal = [&] { return ErrorOf([&] { ListArchive(directory_.path()); }).message(); };

  ReplaceFile(directory_ / "archive.info", "x");
  EXPECT_THAT(refusal(), HasSubstr("is an archive of pgBackRest"));
  fs::remove(directory_ / "archive.info");
  fs::create_directories(directory_ / "main");
  ReplaceFile(directory_ / "main" / "archive.info", "x");
  EXPECT_THAT(refusal(), HasSubstr("is an archive of pgBackRest"));
  fs::remove_all(directory_ / "main");
  ReplaceFile(directory_ / "xlog.db", "x");
  EXPECT_THAT(refusal(), HasSubstr("is an archive of Barman"));
  fs::remove(directory_ / "xlog.db");
  fs::create_directories(directory_ / "main" / "wals");
  EXPECT_THAT(refusal(), HasSubstr("is an archive of Barman"));
  fs::remove_all(directory_ / "main");
  fs::create_directory(directory_ / "0000000100000000");
  EXPECT_THAT(refusal(), HasSubstr("is an archive of Barman or pgBackRest"));
  fs::remove(directory_ / "0000000100000000");
  EXPECT_THAT(ListArchive(directory_.path()).files, IsEmpty());
}

TEST_F(ArchiveListingTest, RemovesWhatItIsToldAndGoesOnWhereSomeHasGone) {
  Put(kThree, MakeSegment(kThree));
  Put(kFour, MakeSegment(kFour));
  const auto files = ListArchive(directory_.path()).files;
  fs::remove(directory_ / kThree);

  const Removal removal = RemoveFiles(directory_.path(), files);

  EXPECT_EQ(removal.files, 1);
  EXPECT_EQ(removal.bytes, kSegmentBytes);
  EXPECT_THAT(ListArchive(directory_.path()).files, IsEmpty());
}

}  // namespace
}  // namespace baton::helper
