#include "helper/system/file.hpp"

#include <gmock/gmock.h>

#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::ElementsAre;

class FileTest : public testing::Test {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TemporaryDirectory directory_;
  fs::path file_ = directory_ / "file";
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::string content("a\r\nb\0c\n", 7);

  ReplaceFile(file_, content);

  EXPECT_EQ(ReadFile(file_), content);
  EXPECT_EQ(ReadFileIfThere(file_), content);
}

TEST_F(FileTest, ReadsNothingWhereNoFileIs) { EXPECT_EQ(ReadFileIfThere(file_), std::nullopt); }

TEST_F(FileTest, ReadingAFileThatIsNotThereFails) {
  const core::Error error = ErrorOf([&] { ReadFile(file_); });

  EXPECT_EQ(error.code(), core::ErrorCode::kFailed);
  EXPECT_EQ(error.message(),
            "could not read file \"" + file_.string() + "\": No such file or directory");
}

TEST_F(FileTest, ReplacingMakesAFileForItsOwnerAlone) {
  ReplaceFile(file_, "new");

  EXPECT_EQ(LookAtDirectory(file_).mode, 0600u);
}

TEST_F(FileTest, ReplacingMakesAFileWithTheModeAskedForWhateverTheUmask) {
  ReplaceFile(file_, "new", 0666);

  EXPECT_EQ(LookAtDirectory(file_).mode, 0666u);
}

TEST_F(FileTest, ReplacingKeepsTheModeOfAFile) {
  ReplaceFile(file_, "old", 0640);

  ReplaceFile(file_, "new", 0600);

  EXPECT_EQ(ReadFile(file_), "new");
  EXPECT_EQ(LookAtDirectory(file_).mode, 0640u);
}

TEST_F(FileTest, ReplacingLeavesNothingBesideTheFile) {
  ReplaceFile(file_, "old");
  ReplaceFile(file_, "new");

  EXPECT_THAT(Names(), ElementsAre("file"));
}

TEST_F(FileTest, ReplacingNeverShowsHalfAFileToWhoHasItOpen) {
  ReplaceFile(file_, "old");
  fs::create_hard_link(file_, directory_ / "as_before");

  ReplaceFile(file_, "new");

  EXPECT_EQ(ReadFile(directory_ / "as_before"), "old");
}

TEST_F(FileTest, ReplacingTakesAFileLeftByAnEarlierAttempt) {
  ReplaceFile(directory_ / "file.pg_baton.tmp", "a longer text, cut sho");

  ReplaceFile(file_, "new");

  EXPECT_EQ(ReadFile(file_), "new");
  EXPECT_THAT(Names(), ElementsAre("file"));
}

TEST_F(FileTest, ReplacingInAFolderThatIsNotThereFails) {
  const core::Error error = ErrorOf([&] { ReplaceFile(directory_ / "no/file", "new"); });

  EXPECT_EQ(error.code(), core::ErrorCode::kFailed);
  EXPECT_EQ(error.message(), "could not open \"" + (directory_ / "no/file").string() +
                                 ".pg_baton.tmp\": No such file or directory");
}

TEST_F(FileTest, ReplacingADirectoryFailsAndLeavesNothingBesideIt) {
  fs::create_directory(file_);

  const core::Error error = ErrorOf([&] { ReplaceFile(file_, "new"); });

  EXPECT_EQ(error.message(), "could not replace file \"" + file_.string() + "\": Is a directory");
  EXPECT_THAT(Names(), ElementsAre("file"));
}

TEST_F(FileTest, SetsAMode) {
  fs::create_directory(file_);

  SetMode(file_, kUnstartableMode);

  EXPECT_EQ(LookAtDirectory(file_).mode, 0701u);
}

TEST_F(FileTest, SettingTheModeOfNothingFails) {
  const core::Error error = ErrorOf([&] { SetMode(file_, 0700); });

  EXPECT_EQ(error.message(),
            "could not set the mode of \"" + file_.string() + "\": No such file or directory");
}

TEST_F(FileTest, LookingFindsNothing) {
  const DirectoryFacts facts = LookAtDirectory(file_);

  EXPECT_FALSE(facts.exists);
  EXPECT_FALSE(facts.is_directory);
}

TEST_F(FileTest, LookingFindsAnEmptyDirectory) {
  fs::create_directory(file_);
  SetMode(file_, 0750);

  const DirectoryFacts facts = LookAtDirectory(file_);

  EXPECT_TRUE(facts.exists);
  EXPECT_TRUE(facts.is_directory);
  EXPECT_TRUE(facts.is_empty);
  EXPECT_TRUE(facts.is_own);
  EXPECT_EQ(facts.mode, 0750u);
}

TEST_F(FileTest, LookingFindsADirectoryWithSomethingInIt) {
  ReplaceFile(directory_ / ".hidden", "");

  const DirectoryFacts facts = LookAtDirectory(directory_.path());

  EXPECT_TRUE(facts.is_directory);
  EXPECT_FALSE(facts.is_empty);
}

TEST_F(FileTest, LookingDoesNotTakeAFileForAnEmptyDirectory) {
  ReplaceFile(file_, "");

  const DirectoryFacts facts = LookAtDirectory(file_);

  EXPECT_TRUE(facts.exists);
  EXPECT_FALSE(facts.is_directory);
  EXPECT_FALSE(facts.is_empty);
}

TEST_F(FileTest, LookingBelowAFileFails) {
  ReplaceFile(file_, "");

  const core::Error error = ErrorOf([&] { LookAtDirectory(file_ / "data"); });

  EXPECT_EQ(error.message(),
            "could not look at \"" + (file_ / "data").string() + "\": Not a directory");
}

TEST_F(FileTest, TheExistingPartIsThePathItselfOrItsNearestAncestor) {
  EXPECT_EQ(ExistingPart(directory_.path()), directory_.path());
  EXPECT_EQ(ExistingPart(directory_ / "a/b/c"), directory_.path());
  EXPECT_EQ(ExistingPart("/nonexistent/a"), "/");
}

TEST_F(FileTest, FreeSpaceIsThatOfTheFileSystemWhereThePathWillBe) {
  const auto free = FreeBytes(directory_ / "a/b");

  ASSERT_TRUE(free.has_value());
  EXPECT_GE(*free, 0);
}

TEST_F(FileTest, OnlyAnExistingDirectoryIsWritable) {
  EXPECT_TRUE(IsWritable(directory_.path()));
  EXPECT_FALSE(IsWritable(file_));
}

TEST_F(FileTest, EmptyingRemovesEverythingButTheDirectory) {
  ReplaceFile(directory_ / "PG_VERSION", "15\n");
  ReplaceFile(directory_ / ".hidden", "");
  fs::create_directories(directory_ / "base/1");
  ReplaceFile(directory_ / "base/1/2608", "");

  EXPECT_TRUE(EmptyDirectory(directory_.path()));

  EXPECT_TRUE(LookAtDirectory(directory_.path()).is_empty);
}

TEST_F(FileTest, EmptyingRemovesALinkButNotWhatItLeadsTo) {
  fs::create_directory(directory_ / "data");
  fs::create_directory(directory_ / "tablespace");
  ReplaceFile(directory_ / "tablespace/kept", "");
  fs::create_directory_symlink(directory_ / "tablespace", directory_ / "data/link");

  EXPECT_TRUE(EmptyDirectory(directory_ / "data"));

  EXPECT_TRUE(LookAtDirectory(directory_ / "data").is_empty);
  EXPECT_TRUE(fs::exists(directory_ / "tablespace/kept"));
}

TEST_F(FileTest, EmptyingSaysWhenThereIsNoDirectory) { EXPECT_FALSE(EmptyDirectory(file_)); }

}  // namespace
}  // namespace baton::helper
