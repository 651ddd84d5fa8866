#include "helper/rejoin/inspection.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class InspectionTest : public testing::Test {
 protected:
  InspectionTest() {
    for (const char* const folder : {"base", "base/5", "global", "pg_wal", "pg_tblspc", "log"}) {
      fs::create_directory(data_ / folder);
    }
    Write("base/5/1259", "relation");
    Write("global/pg_control", "control");
    Write("postgresql.conf", "");
  }

  void Write(const std::string& path, const std::string& content) const {
    ReplaceFile(data_ / path, content);
  }

  TemporaryDirectory data_;
};

TEST_F(InspectionTest, FindsNothingInASoundDirectory) {
  const Inspection found = Inspect(data_.path());

  EXPECT_THAT(found.read_only, IsEmpty());
  EXPECT_THAT(found.foreign, IsEmpty());
  EXPECT_THAT(found.special, IsEmpty());
  EXPECT_THAT(found.unknown, IsEmpty());
  EXPECT_THAT(found.sizes, ElementsAre(Pair("base/5/1259", 8), Pair("global/pg_control", 7)));
}

TEST_F(InspectionTest, KnowsWhatPostgresqlMakes) {
  for (const char* const name :
       {"1259", "1259_fsm", "1259_vm", "16384_init", "1259.12", "1259_vm.1", "t3_16401",
        "PG_VERSION", "pg_filenode.map", "pg_internal.init", "pg_internal.init.123"}) {
    EXPECT_TRUE(IsServersOwn("base/5", name)) << name;
    EXPECT_TRUE(IsServersOwn("pg_tblspc/16400/PG_15_202209061/5", name)) << name;
  }
  EXPECT_FALSE(IsServersOwn("base/5", "notes.txt"));
  EXPECT_FALSE(IsServersOwn("base/5", "1259.bak"));
  EXPECT_FALSE(IsServersOwn("global", "pg_control.old"));
  EXPECT_TRUE(IsServersOwn("base/pgsql_tmp", "whatever"));
  EXPECT_TRUE(IsServersOwn("pg_wal", "000000010000000000000001"));
}

TEST_F(InspectionTest, FindsWhatWouldStopARewind) {
  Write("base/5/1260", "");
  chmod((data_ / "base/5/1260").c_str(), 0400);
  mkfifo((data_ / "base/5/pipe").c_str(), 0600);
  Write("base/5/notes.txt", "mine");

  const Inspection found = Inspect(data_.path());

  EXPECT_THAT(found.special, ElementsAre("base/5/pipe"));
  EXPECT_THAT(found.unknown, ElementsAre("base/5/notes.txt"));
  // Nothing is read-only for root.
  if (geteuid() != 0) {
    EXPECT_THAT(found.read_only, ElementsAre("base/5/1260"));
  }
}

TEST_F(InspectionTest, LooksIntoTablespaces) {
  const TemporaryDirectory space;
  fs::create_directory_symlink(space.path(), data_ / "pg_tblspc" / "16400");
  ReplaceFile(space / "16402", "rows");

  EXPECT_EQ(Inspect(data_.path()).sizes.at("pg_tblspc/16400/16402"), 4u);
}

TEST_F(InspectionTest, ClearsTheWayAndKeepsWhatItTakesAway) {
  Write("base/5/1260", "");
  chmod((data_ / "base/5/1260").c_str(), 0400);
  Write("base/5/notes.txt", "mine");
  Inspection found = Inspect(data_.path());
  found.read_only = {"base/5/1260"};

  ClearTheWay(data_.path(), found, data_ / "aside");

  EXPECT_EQ(ReadFile(data_ / "aside/base/5/notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(data_ / "base/5/notes.txt"));
  EXPECT_EQ(fs::status(data_ / "base/5/1260").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(InspectionTest, PutsSizesBackAfterARewindThatWasBrokenOff) {
  const auto before = SizesFromText(SizesToText(Inspect(data_.path()).sizes));
  Write("base/5/16384", "half a relation");
  Write("base/5/1259", "relation and more of it");

  PutSizesBack(data_.path(), before);

  EXPECT_FALSE(fs::exists(data_ / "base/5/16384"));
  EXPECT_EQ(ReadFile(data_ / "base/5/1259"), "relation");
  EXPECT_EQ(Inspect(data_.path()).sizes, before);
}

}  // namespace
}  // namespace baton::helper
