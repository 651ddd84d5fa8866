// clone where Debian keeps clusters: configuration in a folder of its own, tools of
// postgresql-common.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class CloneOnDebian : public testing::Test {
 protected:
  CloneOnDebian() : a_(cluster_.InitPrimary("a")), b_(cluster_.Plan("b")) {
    name_ = fmt::format("{}/main", a_.Connect().major());
  }

  HelperResult Run(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "clone",
        "-w",
        "-h",
        "127.0.0.1",
        "-p",
        std::to_string(a_.port()),
        "--node-name=b",
        "--advertise=127.0.0.1",
        "--cluster=" + name_,
        "--passfile=" + cluster_.passfile().string(),
        "--bindir=" + Cluster::bindir().string(),
        "--log=" + b_.log_file().string(),
        "--set",
        fmt::format("port={}", b_.port()),
        "--set",
        "unix_socket_directories=" + cluster_.directory().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments,
                           {{"PG_CLUSTER_CONF_ROOT", (cluster_.directory() / "etc").string()}});
  }
  fs::path configuration() const { return cluster_.directory() / "etc" / name_; }

  // The data directories that were moved aside.
  std::vector<fs::path> Aside() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(b_.data().parent_path())) {
      const std::string name = entry.path().filename();
      if (name.starts_with(b_.data().filename().string() + ".before_clone_")) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
  std::string name_;
};

TEST_F(CloneOnDebian, MovesWhatIsThereAsideAndMakesAClusterThatItStarts) {
  fs::create_directory(b_.data());
  std::ofstream(b_.data() / "precious") << "data";
  fs::create_directory(cluster_.directory() / "etc");

  const HelperResult missing = Run({"-D", b_.data()});
  const HelperResult dry = Run({"-D", b_.data(), "--create-cluster", "--move-aside", "--dry-run"});
  const bool changed = fs::exists(configuration()) || !fs::exists(b_.data() / "precious");
  const HelperResult done = Run({"-D", b_.data(), "--create-cluster", "--move-aside"});

  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.output, HasSubstr(fmt::format("cluster \"{}\" does not exist", name_)));
  EXPECT_EQ(dry.exit_code, 0) << dry.output;
  EXPECT_THAT(dry.output, ContainsRegex("directory +\\| ok +\\| .* will be moved aside to"));
  EXPECT_FALSE(changed);
  ASSERT_EQ(done.exit_code, 0) << done.output;
  ASSERT_EQ(Aside().size(), 1U);
  EXPECT_EQ(helper::ReadFile(Aside().front() / "precious"), "data");
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(b_.Sql("SHOW config_file"), (configuration() / "postgresql.conf").string());
  EXPECT_THAT(helper::ReadFile(configuration() / "pg_hba.conf"), HasSubstr("baton_node"));

  // Its folders are known by its name from now on, and nobody moves those of a running server.
  const HelperResult again = Run({"--move-aside"});
  EXPECT_EQ(again.exit_code, 3) << again.output;
  EXPECT_THAT(again.output, HasSubstr(fmt::format("a server is running from directory \"{}\"",
                                                  b_.data().string())));
  EXPECT_EQ(Aside().size(), 1U);
}

TEST_F(CloneOnDebian, GivesANewClusterTheConfigurationOfTheSource) {
  a_.Configure("work_mem = 5MB\n");
  fs::create_directory(cluster_.directory() / "etc");

  const HelperResult done = Run({"-D", b_.data(), "--create-cluster", "--config=copy"});

  ASSERT_EQ(done.exit_code, 0) << done.output;
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "5MB");
  EXPECT_EQ(b_.Sql("SHOW config_file"), (configuration() / "postgresql.conf").string());
  EXPECT_EQ(b_.Sql("SHOW data_directory"), b_.data().string());
  EXPECT_EQ(b_.Sql("SHOW external_pid_file"),
            fmt::format("/var/run/postgresql/{}-main.pid", a_.Connect().major()));
  EXPECT_THAT(helper::ReadFile(configuration() / "postgresql.conf.before_pg_baton"),
              HasSubstr("cluster_name"));
}

}  // namespace
}  // namespace baton::test
