// setup-primary finds the server by its place, wherever its configuration is, and edits that.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SetupPlace : public testing::Test {
 protected:
  HelperResult Setup(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"setup-primary", "--node-name=a", "--advertise=127.0.0.1",
                                          "--passfile=" + cluster_.passfile().string(),
                                          "--bindir=" + Cluster::bindir().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments, {{"PG_CLUSTER_CONF_ROOT", root().string()}});
  }

  fs::path root() const { return cluster_.directory() / "etc"; }
  fs::path configuration() const { return root() / "15/main"; }

  // The configuration as Debian has it: in a folder of its own, with conf.d, and pg_hba.conf behind
  // a link.
  void MoveConfiguration(Node& node) {
    node.Stop();
    fs::create_directories(configuration() / "conf.d");
    fs::rename(node.data() / "postgresql.conf", configuration() / "postgresql.conf");
    fs::rename(node.data() / "pg_hba.conf", root() / "hba");
    fs::create_symlink(root() / "hba", configuration() / "pg_hba.conf");
    fs::rename(node.data() / "pg_ident.conf", configuration() / "pg_ident.conf");
    const std::string text = helper::ReadFile(configuration() / "postgresql.conf");
    helper::ReplaceFile(
        configuration() / "postgresql.conf",
        text + fmt::format("data_directory = '{}'\nhba_file = '{}'\nident_file = '{}'\n"
                           "include_dir = 'conf.d'\n",
                           node.data().string(), (configuration() / "pg_hba.conf").string(),
                           (configuration() / "pg_ident.conf").string()));
    helper::ReplaceFile(configuration() / "conf.d/own.conf", "# by hand\nmax_wal_senders = 3\n");
    RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", node.data(), "-l", node.log_file(),
               "-o", "-c config_file=" + (configuration() / "postgresql.conf").string()});
  }

  Cluster cluster_;
};

TEST_F(SetupPlace, FindsAClusterOfDebianAndItsConfiguration) {
  Node& a = cluster_.InitPlain("a");
  MoveConfiguration(a);
  const std::string hba = helper::ReadFile(root() / "hba");
  const std::string conf = helper::ReadFile(configuration() / "postgresql.conf");

  const HelperResult plan = Setup({"--cluster=15/main", "--allow=10.1.2.3", "--dry-run"});
  EXPECT_EQ(plan.exit_code, 0) << plan.output;
  EXPECT_THAT(plan.output,
              HasSubstr(fmt::format("set max_wal_senders = '10' (was '3' in \"{}\", line 2)",
                                    (configuration() / "conf.d/own.conf").string())));
  EXPECT_THAT(plan.output, HasSubstr("\n+host    replication     baton_node      10.1.2.3/32"));
  EXPECT_EQ(helper::ReadFile(root() / "hba"), hba);
  const HelperResult result = Setup({"--cluster=15/main", "--allow=10.1.2.3", "--restart"});
  const HelperResult again = Setup({"-D", a.data(), "--allow=10.1.2.3"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a.Sql("SELECT name FROM baton.node"), "a");
  EXPECT_EQ(a.Sql("SHOW max_wal_senders"), "10");
  EXPECT_TRUE(fs::is_symlink(configuration() / "pg_hba.conf"));
  EXPECT_EQ(helper::ReadFile(root() / "hba.before_pg_baton"), hba);
  EXPECT_THAT(helper::ReadFile(root() / "hba"), HasSubstr(hba.substr(hba.find("\nlocal"))));
  EXPECT_EQ(helper::ReadFile(configuration() / "postgresql.conf"), conf);
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("nothing to change"));
}

TEST_F(SetupPlace, RefusesWhatIsNotThereOrDoesNotRunOrIsAnother) {
  Node& a = cluster_.InitPlain("a");
  Node& b = cluster_.InitPlain("b");
  b.Stop();

  const HelperResult cluster = Setup({"--cluster=15/other"});
  const HelperResult both = Setup({"--cluster=15/main", "-D", a.data()});
  const HelperResult stopped = Setup({"-D", b.data()});
  b.Start();
  const HelperResult other = Setup({"-D", b.data(), "-p", std::to_string(a.port())});

  EXPECT_EQ(cluster.exit_code, 1);
  EXPECT_THAT(cluster.output, HasSubstr("error: cluster \"15/other\" does not exist\n"));
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(stopped.exit_code, 3);
  EXPECT_THAT(stopped.output, HasSubstr("is not running\npg_baton: hint: Start it first.\n"));
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.output, HasSubstr("error: the server that was connected to is not that of"));
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_node'"), "0");
}

TEST_F(SetupPlace, RefusesASettingThatTheCommandLineGives) {
  Node& a = cluster_.InitPlain("a");
  a.Stop();
  RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", a.data(), "-l", a.log_file(), "-o",
             "-c max_wal_senders=3"});

  const HelperResult result = Setup({"-D", a.data()});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(
      result.output,
      HasSubstr("error: max_wal_senders = \"3\" is given on the command line of the server\n"));
  EXPECT_FALSE(fs::exists(a.data() / "pg_hba.conf.before_pg_baton"));
}

// A line that stands before the one for the nodes decides, so theirs has to go before it.
TEST_F(SetupPlace, PutsALineBeforeOneThatKeepsTheNodesOut) {
  Node& a = cluster_.InitPlain("a");
  const std::string before = helper::ReadFile(a.data() / "pg_hba.conf");
  const std::string line =
      "host    replication     baton_node      10.1.2.3/32             "
      "scram-sha-256\n";
  helper::ReplaceFile(a.data() / "pg_hba.conf",
                      "host replication all 10.1.0.0/16 reject\n" + line + before);

  const HelperResult result = Setup({"-D", a.data(), "--allow=10.1.2.3", "--restart"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("line 1 of pg_hba.conf (host replication all 10.1.0.0/16 reject) keeps "
                        "baton_node at 10.1.2.3 out; the new line goes before it\n"));
  const std::string after = helper::ReadFile(a.data() / "pg_hba.conf");
  EXPECT_LT(after.find(line), after.find("reject"));
  EXPECT_NE(after.rfind(line), after.find(line));
}

}  // namespace
}  // namespace baton::test
