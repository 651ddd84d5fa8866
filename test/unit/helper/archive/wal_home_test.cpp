#include "helper/archive/wal_home.hpp"

#include <cstring>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

class WalHomeTest : public testing::Test {
 protected:
  WalHomeTest() : data_(directory_ / "data") {
    fs::create_directories(data_ / "global");
    fs::create_directories(data_ / "pg_wal");
    ReplaceFile(data_ / "PG_VERSION", "15\n");
    WriteControl(7301234567890123456);
  }
  void WriteControl(std::uint64_t identifier) {
    std::string control(512, '\0');
    std::memcpy(control.data(), &identifier, sizeof(identifier));
    ReplaceFile(data_ / "global" / "pg_control", control);
  }

  TemporaryDirectory directory_;
  fs::path data_;
};

TEST_F(WalHomeTest, IsTheDataDirectoryThatTheFileLiesIn) {
  const auto home = FindWalHome(data_ / "pg_wal" / "000000010000000000000003", "");

  ASSERT_TRUE(home);
  EXPECT_EQ(home->data, data_);
  EXPECT_EQ(home->origin.system_identifier, 7301234567890123456u);
  EXPECT_EQ(home->origin.page_magic, core::PageMagic(15));
  EXPECT_EQ(home->origin.segment_bytes, 0u);
}

TEST_F(WalHomeTest, IsFoundByNamesWherePgWalIsALink) {
  fs::rename(data_ / "pg_wal", directory_ / "wal");
  fs::create_directory_symlink(directory_ / "wal", data_ / "pg_wal");

  const auto home = FindWalHome(data_ / "pg_wal" / "x", "");

  ASSERT_TRUE(home);
  EXPECT_EQ(home->data, data_);
}

TEST_F(WalHomeTest, IsTheOneThatWasNamed) {
  const auto home = FindWalHome("/elsewhere/x", data_.string() + "/");
  ASSERT_TRUE(home);
  EXPECT_EQ(home->data, data_);
  EXPECT_EQ(ErrorOf([&] { FindWalHome("/elsewhere/x", directory_.path()); }).detail(),
            "It has no PG_VERSION or no global/pg_control.");
}

TEST_F(WalHomeTest, IsNotThereForAFileElsewhere) {
  EXPECT_FALSE(FindWalHome(directory_ / "x", ""));
}

TEST_F(WalHomeTest, IsNotBelievedWithADamagedControlFile) {
  ReplaceFile(data_ / "global" / "pg_control", "");
  EXPECT_EQ(ErrorOf([&] { FindWalHome(data_ / "x", ""); }).detail(),
            "It does not begin with a system identifier.");
  WriteControl(0);
  EXPECT_EQ(ErrorOf([&] { FindWalHome(data_ / "x", ""); }).detail(),
            "It does not begin with a system identifier.");
}

TEST_F(WalHomeTest, IsWherePathsOfTheServerBegin) {
  EXPECT_EQ(AsTheServerMeans("pg_wal/x", "/data"), "/data/pg_wal/x");
  EXPECT_EQ(AsTheServerMeans("/a/x", "/data"), "/a/x");
  EXPECT_EQ(AsTheServerMeans("pg_wal/x", ""), "pg_wal/x");
}

}  // namespace
}  // namespace baton::helper
