#include "test/power/power_loss.hpp"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "helper/system/process.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class PowerLossTest : public testing::Test {
 protected:
  PowerLossTest() {
    fs::create_directory(folder_);
    std::ofstream(folder_ / "file") << "old";
  }

  PowerLoss Act(const std::string& act) {
    const Recording recording(folder_, directory_ / "log");
    helper::ProcessOptions options;
    options.environment = recording.Environment();
    const helper::ProcessResult result =
        helper::RunProcess({BuiltForTests("power_actor"), act, folder_.string()}, options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return recording.Read();
  }

  fs::path LeftAt(PowerLoss& loss, std::size_t done, const Model& model) {
    fs::remove_all(left_);
    loss.Materialise(done, model, left_);
    return left_;
  }
  fs::path LeftAtTheEnd(PowerLoss& loss, const Model& model) {
    return LeftAt(loss, loss.operations().size(), model);
  }
  // What is under the name; a file that is not there is "(none)".
  static std::string Content(const fs::path& path) {
    return helper::ReadFileIfThere(path).value_or("(none)");
  }

  // All that may be under the name, at any moment, by any model.
  std::set<std::string> MayBeIn(const std::string& name, PowerLoss& loss) {
    std::set<std::string> contents;
    for (const Moment& moment : loss.EveryMoment()) {
      for (const Model& model : kModels) {
        contents.insert(Content(LeftAt(loss, moment.done, model) / name));
      }
    }
    return contents;
  }

  helper::TemporaryDirectory directory_;
  fs::path folder_ = directory_ / "folder";
  fs::path left_ = directory_ / "left";
};

const std::string kZeros(11, '\0');

TEST_F(PowerLossTest, AFileReplacedAsItShouldBeIsOldOrNewAtEveryMoment) {
  PowerLoss loss = Act("replace");

  EXPECT_THAT(MayBeIn("file", loss), UnorderedElementsAre("old", "new content"));
  for (const Model& model : kModels) {
    EXPECT_EQ(Content(LeftAtTheEnd(loss, model) / "file"), "new content") << model.name;
  }
}

TEST_F(PowerLossTest, AFileReplacedWithoutAFlushMayBeEmptyOrZeros) {
  PowerLoss loss = Act("replace-without-flush");

  EXPECT_THAT(MayBeIn("file", loss), UnorderedElementsAre("old", "new content", "", kZeros));
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kDataMissing) / "file"), "");
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kDataZeroed) / "file"), kZeros);
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kKilled) / "file"), "new content");
}

TEST_F(PowerLossTest, ARenameIsLostWhoseFolderWasNotFlushed) {
  PowerLoss loss = Act("replace-without-flush-of-the-folder");

  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "file"), "old");
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kNamesMissing) / "file"), "old");
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kDataMissing) / "file"), "new content");
  EXPECT_THAT(MayBeIn("file", loss), UnorderedElementsAre("old", "new content"));
}

TEST_F(PowerLossTest, AFileOverwrittenInPlaceMayBeHalf) {
  PowerLoss loss = Act("overwrite-in-place");

  const std::string old_bytes = "old" + std::string(8, '\0');
  EXPECT_THAT(MayBeIn("file", loss),
              UnorderedElementsAre("old", "", kZeros, old_bytes, "new content"));
}

TEST_F(PowerLossTest, AFlushedFileIsNotThereIfItsFolderWasNeverFlushed) {
  PowerLoss loss = Act("flush-without-its-folder");

  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "fresh"), "(none)");
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kDataMissing) / "fresh"), "fresh content");
}

TEST_F(PowerLossTest, AFlushIsOfTheFileWhateverItsName) {
  PowerLoss loss = Act("flush-after-rename");

  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "after"), "content");
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "before"), "(none)");
}

TEST_F(PowerLossTest, SyncfsFlushesAll) {
  PowerLoss loss = Act("sync-all");

  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "fresh"), "fresh content");
}

TEST_F(PowerLossTest, AModeIsOldUntilItsFolderIsFlushed) {
  chmod(folder_.c_str(), 0700);
  PowerLoss loss = Act("close-and-open");
  std::vector<std::string> modes;
  for (const Moment& moment : loss.EveryMoment()) {
    const mode_t flushed = helper::LookAtDirectory(LeftAt(loss, moment.done, kOnlyFlushed)).mode;
    const mode_t now = helper::LookAtDirectory(LeftAt(loss, moment.done, kNamesMissing)).mode;
    modes.push_back(fmt::format("{:o} {:o} {}", flushed, now, moment.description));
  }

  EXPECT_THAT(modes, ElementsAre("700 700 before chmod 0701 folder",
                                 "700 701 after chmod 0701 folder, before fsync folder",
                                 "701 701 after fsync folder, before mkdir folder/half",
                                 "701 701 after mkdir folder/half, before fsync folder",
                                 "701 701 after fsync folder, before chmod 0700 folder",
                                 "701 700 after chmod 0700 folder, before fsync folder",
                                 "700 700 after fsync folder"));
}

TEST_F(PowerLossTest, GoesBackToAnEarlierMoment) {
  PowerLoss loss = Act("replace");

  EXPECT_EQ(Content(LeftAtTheEnd(loss, kKilled) / "file"), "new content");
  EXPECT_EQ(Content(LeftAt(loss, 0, kKilled) / "file"), "old");
}

TEST_F(PowerLossTest, TheTreesThatItMakesAreTheirUsersOwn) {
  PowerLoss loss = Act("replace");
  std::ofstream(LeftAt(loss, 0, kKilled) / "file") << "changed";

  EXPECT_EQ(Content(LeftAt(loss, 0, kKilled) / "file"), "old");
  EXPECT_EQ(Content(folder_ / "file"), "new content");
}

TEST_F(PowerLossTest, MomentsAreAroundWhatMattersOnly) {
  const PowerLoss loss = Act("replace");
  const auto renames = loss.Moments(
      [](const Operation& operation) { return operation.head.change == Change::kRename; });
  std::vector<std::size_t> done;
  for (const Moment& moment : renames) done.push_back(moment.done);

  // Of six operations one is a write, and both of its neighbours matter.
  EXPECT_EQ(loss.Moments().size(), 7u);
  EXPECT_THAT(done, ElementsAre(0, 4, 5, 6));
  EXPECT_EQ(renames[1].description,
            "after fsync folder/file.pg_baton.tmp, before rename folder/file.pg_baton.tmp -> "
            "folder/file");
}

TEST_F(PowerLossTest, AFlushOfWhatIsFlushedIsNoMoment) {
  const PowerLoss loss = Act("flush-twice");
  std::vector<std::size_t> done;
  for (const Moment& moment : loss.Moments()) done.push_back(moment.done);

  ASSERT_EQ(loss.operations().size(), 5u);
  EXPECT_THAT(done, ElementsAre(0, 1, 2, 5));
}

TEST_F(PowerLossTest, ThinsMomentsEvenlyWithTheFirstAndTheLast) {
  std::vector<Moment> moments(101);
  for (std::size_t i = 0; i < moments.size(); ++i) moments[i].done = i;
  std::vector<std::size_t> done;
  for (const Moment& moment : Thinned(moments, 5)) done.push_back(moment.done);

  EXPECT_THAT(done, ElementsAre(0, 25, 50, 75, 100));
  EXPECT_EQ(Thinned(moments, 1000).size(), 101u);
}

TEST_F(PowerLossTest, AnEmptyLogLeavesWhatWasThere) {
  const Recording recording(folder_, directory_ / "log");
  PowerLoss loss = recording.Read();

  ASSERT_THAT(loss.operations(), IsEmpty());
  EXPECT_EQ(Content(LeftAtTheEnd(loss, kOnlyFlushed) / "file"), "old");
}

TEST_F(PowerLossTest, ADamagedLogIsAnErrorAndACutOneEndsBefore) {
  Act("replace");
  const std::string log = helper::ReadFile(directory_ / "log");
  Disk disk;
  disk.Read(folder_);
  std::ofstream(directory_ / "cut") << log.substr(0, log.size() - 1);
  std::ofstream(directory_ / "damaged") << log.substr(1);

  EXPECT_EQ(PowerLoss(disk, {folder_}, directory_ / "cut").operations().size(), 5u);
  EXPECT_THROW(PowerLoss(disk, {folder_}, directory_ / "damaged"), std::runtime_error);
}

TEST_F(PowerLossTest, FindsEachKindOfDifferenceBetweenTrees) {
  const fs::path one = directory_ / "one";
  const fs::path other = directory_ / "other";
  for (const fs::path& tree : {one, other}) {
    fs::create_directories(tree / "same");
    std::ofstream(tree / "content") << (tree == one ? "content" : "contrast");
    std::ofstream(tree / "mode") << "";
    fs::create_symlink(tree == one ? "here" : "there", tree / "link");
  }
  chmod((one / "mode").c_str(), 0711);
  std::ofstream(one / "first") << "";
  std::ofstream(other / "second") << "";
  std::ofstream(one / "kind") << "";
  fs::create_directory(other / "kind");

  EXPECT_THAT(Differences(one, other),
              ElementsAre("content: 7 and 8 bytes, that differ from 4 on", "first: only in the one",
                          "kind: another kind of file", "link: another target",
                          "mode: another mode", "second: only in the other"));
  EXPECT_THAT(Differences(one, one), IsEmpty());
}

}  // namespace
}  // namespace baton::test
