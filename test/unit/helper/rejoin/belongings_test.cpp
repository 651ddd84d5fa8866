#include "helper/rejoin/belongings.hpp"

#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class OwnFilesTest : public testing::Test {
 protected:
  void Given(std::initializer_list<const char*> names) const {
    for (const char* const name : names) ReplaceFile(data_ / name, "");
  }

  TemporaryDirectory data_;
};

TEST_F(OwnFilesTest, AreConfigurationAndWhatAnAdministratorPutThere) {
  Given({"postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "server.key", "notes.txt"});

  EXPECT_THAT(
      OwnFiles(data_.path()),
      UnorderedElementsAre(data_ / "postgresql.conf", data_ / "postgresql.auto.conf",
                           data_ / "pg_hba.conf", data_ / "server.key", data_ / "notes.txt"));
}

TEST_F(OwnFilesTest, AreNoneThatDescribeTheData) {
  Given({"PG_VERSION", "backup_label", "backup_label.old", "tablespace_map", "tablespace_map.old",
         "backup_manifest", "postmaster.pid", "postmaster.opts", "current_logfiles", "promote",
         "standby.signal", "recovery.signal"});

  EXPECT_THAT(OwnFiles(data_.path()), IsEmpty());
}

TEST_F(OwnFilesTest, AreNoneBelowTheTop) {
  fs::create_directory(data_ / "global");
  Given({"global/pg_control"});

  EXPECT_THAT(OwnFiles(data_.path()), IsEmpty());
}

TEST_F(OwnFilesTest, MayBeLinksToFilesButNotToDirectories) {
  Given({"real.conf"});
  fs::create_symlink(data_ / "real.conf", data_ / "link.conf");
  fs::create_directory(data_ / "elsewhere");
  fs::create_directory_symlink(data_ / "elsewhere", data_ / "pg_wal");

  EXPECT_THAT(OwnFiles(data_.path()),
              UnorderedElementsAre(data_ / "real.conf", data_ / "link.conf"));
}

class MoveOwnTest : public OwnFilesTest {
 protected:
  MoveOwnTest() {
    fs::create_directory(data_ / "global");
    fs::create_directory(data_ / "conf.d");
    ReplaceFile(data_ / "postgresql.conf", "ours");
    ReplaceFile(data_ / "server.key", "ours", 0400);
    ReplaceFile(data_ / "conf.d" / "more.conf", "ours");
    ReplaceFile(data_ / "PG_VERSION", "15");
    names_ = OwnNames(data_.path());
    MoveOwnAside(data_.path(), kept());
  }

  fs::path kept() const { return beside_ / "own_files"; }
  // What pg_rewind brings.
  void GivenTheSourcesFiles() const {
    ReplaceFile(data_ / "postgresql.conf", "of the source");
    ReplaceFile(data_ / "only_there.conf", "of the source");
    fs::create_directory(data_ / "conf.d");
    ReplaceFile(data_ / "conf.d" / "theirs.conf", "of the source");
  }
  void ExpectOnlyOurs() const {
    EXPECT_EQ(OwnNames(data_.path()), names_);
    EXPECT_EQ(ReadFile(data_ / "postgresql.conf"), "ours");
    EXPECT_EQ(ReadFile(data_ / "conf.d" / "more.conf"), "ours");
    EXPECT_FALSE(fs::exists(data_ / "conf.d" / "theirs.conf"));
    EXPECT_EQ(ReadFile(data_ / "PG_VERSION"), "15");
  }

  TemporaryDirectory beside_;
  std::vector<std::string> names_;
};

TEST_F(MoveOwnTest, LeavesNothingThatCouldBeOverwritten) {
  EXPECT_THAT(OwnNames(data_.path()), IsEmpty());
  EXPECT_TRUE(fs::exists(data_ / "PG_VERSION"));
  EXPECT_TRUE(fs::exists(data_ / "global"));
}

TEST_F(MoveOwnTest, BringsBackOursAndNothingOfTheSource) {
  GivenTheSourcesFiles();

  MoveOwnBack(data_.path(), kept(), names_);

  ExpectOnlyOurs();
}

TEST_F(MoveOwnTest, GoesOnWhereItWasBrokenOff) {
  GivenTheSourcesFiles();
  fs::remove(data_ / "postgresql.conf");
  fs::rename(kept() / "postgresql.conf", data_ / "postgresql.conf");

  MoveOwnBack(data_.path(), kept(), names_);
  MoveOwnBack(data_.path(), kept(), names_);

  ExpectOnlyOurs();
}

}  // namespace
}  // namespace baton::helper
