#include "helper/prestart/starting_place.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

TEST(ConfigurationIn, FindsTheFolderInAServersOptions) {
  EXPECT_EQ(ConfigurationIn({"-c", "config_file=/etc/pg/postgresql.conf"}), "/etc/pg");
  EXPECT_EQ(ConfigurationIn({"-cconfig_file=/etc/pg/postgresql.conf"}), "/etc/pg");
  EXPECT_EQ(ConfigurationIn({"-F", "--config-file=/etc/pg/postgresql.conf"}), "/etc/pg");
  EXPECT_EQ(ConfigurationIn({"--config_file=/etc/pg/postgresql.conf", "-c", "port=1"}), "/etc/pg");
}

TEST(ConfigurationIn, IsEmptyWhereTheyNameNone) {
  EXPECT_EQ(ConfigurationIn({}), "");
  EXPECT_EQ(ConfigurationIn({"-c", "port=1", "-c"}), "");
  EXPECT_EQ(ConfigurationIn({"config_file=/etc/pg/postgresql.conf"}), "");
}

TEST(FindPlace, SaysThatAClusterDoesNotExist) {
  TemporaryDirectory folder;
  setenv("PG_CLUSTER_CONF_ROOT", folder.path().c_str(), 1);
  PrestartOptions options;
  options.cluster = "15/main";

  const core::Error error = ErrorOf([&] { FindPlace(options); });
  unsetenv("PG_CLUSTER_CONF_ROOT");

  EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
  EXPECT_EQ(error.message(), "cluster \"15/main\" does not exist");
  EXPECT_EQ(error.detail(),
            "There is no \"" + (folder.path() / "15/main/postgresql.conf").string() + "\".");
}

TEST(FindPlace, ADirectoryWithoutAServerIsAPlaceWithoutData) {
  TemporaryDirectory folder;
  PrestartOptions options;
  options.directory = folder.path().string() + "/";

  const StartingPlace place = FindPlace(options);

  EXPECT_FALSE(place.has_data);
  EXPECT_EQ(place.directory, folder.path());
  EXPECT_EQ(place.arguments, (std::vector<std::string>{"-D", folder.path().string()}));
}

TEST(FindPlace, NeedsADirectory) {
  unsetenv("PGDATA");

  const core::Error error = ErrorOf([] { FindPlace({}); });

  EXPECT_EQ(error.code(), core::ErrorCode::kUsage);
  EXPECT_EQ(error.message(), "no data directory was named");
}

}  // namespace
}  // namespace baton::helper
