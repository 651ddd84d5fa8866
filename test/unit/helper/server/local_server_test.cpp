#include "helper/server/local_server.hpp"

#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

TEST(AddressInPidFile, IsTheSocketIfThereIsOne) {
  EXPECT_EQ(AddressInPidFile("42\n/data\n1700000000\n5433\n/run/postgresql\n*\n1 2\nready\n"),
            (Parameters{{"host", "/run/postgresql"}, {"port", "5433"}}));
}

TEST(AddressInPidFile, IsAnAddressThatItListensOnOtherwise) {
  EXPECT_EQ(AddressInPidFile("42\n/data\n17\n5433\n\n10.0.0.1\n"),
            (Parameters{{"host", "10.0.0.1"}, {"port", "5433"}}));
  EXPECT_EQ(AddressInPidFile("42\n/data\n17\n5433\n\n*\n"),
            (Parameters{{"host", "127.0.0.1"}, {"port", "5433"}}));
  EXPECT_EQ(AddressInPidFile("42\n/data\n17\n5433\n\n::\n"),
            (Parameters{{"host", "::1"}, {"port", "5433"}}));
}

TEST(AddressInPidFile, IsNoneWhileTheServerStarts) {
  EXPECT_EQ(AddressInPidFile(""), std::nullopt);
  EXPECT_EQ(AddressInPidFile("42\n/data\n17\n"), std::nullopt);
  EXPECT_EQ(AddressInPidFile("42\n/data\n17\n5433\n\n\n"), std::nullopt);
}

TEST(FindLocalServer, SaysThatThereIsNone) {
  TemporaryDirectory folder;

  const core::Error error = ErrorOf([&] { FindLocalServer(folder.path().string(), "", ""); });

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_EQ(error.message(), "there is no server in \"" + folder.path().string() + "\"");
  EXPECT_EQ(error.detail(), "It has neither PG_VERSION nor postgresql.conf.");
}

TEST(FindLocalServer, SaysThatItDoesNotRun) {
  TemporaryDirectory folder;
  ReplaceFile(folder.path() / "PG_VERSION", "15\n");

  const core::Error error = ErrorOf([&] { FindLocalServer(folder.path().string(), "", ""); });

  EXPECT_EQ(error.code(), core::ErrorCode::kWrongState);
  EXPECT_EQ(error.message(), "the server of \"" + folder.path().string() + "\" is not running");
  EXPECT_EQ(error.hint(), "Start it first.");
}

}  // namespace
}  // namespace baton::helper
