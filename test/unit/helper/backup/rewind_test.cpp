#include "helper/backup/rewind.hpp"

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

}  // namespace
}  // namespace baton::helper
