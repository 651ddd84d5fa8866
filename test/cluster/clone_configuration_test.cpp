// clone --config: where configuration lies outside the data directory, this host's own or the
// source's.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using helper::ReadFile;
using helper::ReplaceFile;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class CloneConfiguration : public testing::Test {
 protected:
  CloneConfiguration() : a_(cluster_.InitPrimary("a")), b_(cluster_.Plan("b")) {}

  fs::path etc(const std::string& name) const { return cluster_.directory() / "etc" / name; }

  // As Debian has it: places are named, and there is a folder conf.d.
  static std::string Places(const Node& node, const fs::path& folder) {
    return fmt::format(
        "data_directory = '{0}'\t\t# use data in another directory\n"
        "hba_file = '{1}/pg_hba.conf'\nident_file = '{1}/pg_ident.conf'\n"
        "external_pid_file = '{1}/pid'\n",
        node.data().string(), folder.string());
  }

  // The source's files go into a folder of their own, with a setting, a rule and a file from
  // elsewhere by which they can be told.
  void MoveConfigurationOfSource() {
    a_.Stop();
    fs::create_directories(etc("a") / "conf.d");
    for (const char* const name : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
      fs::rename(a_.data() / name, etc("a") / name);
    }
    const fs::path settings = etc("a") / "postgresql.conf";
    ReplaceFile(etc("common.conf"), "maintenance_work_mem = 7MB\n");
    ReplaceFile(etc("a") / "conf.d/memory.conf", "work_mem = 5MB # caf\xe9\n");
    ReplaceFile(settings, ReadFile(settings) + Places(a_, etc("a")) +
                              fmt::format("include_dir = 'conf.d'\ninclude '{}'\n",
                                          etc("common.conf").string()));
    const fs::path hba = etc("a") / "pg_hba.conf";
    ReplaceFile(hba, ReadFile(hba) + "host all nobody 192.0.2.7/32 reject\n");
    RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", a_.data(), "-l", a_.log_file(),
               "-o", "-c config_file=" + settings.string()});
  }

  // What a new host has.
  void ConfigureTarget() {
    fs::create_directories(etc("b"));
    ReplaceFile(etc("b") / "postgresql.conf", own_settings(), 0644);
    ReplaceFile(etc("b") / "pg_hba.conf", kOwnRules);
    ReplaceFile(etc("b") / "pg_ident.conf", "# own\n");
  }
  std::string own_settings() const {
    return fmt::format("{}unix_socket_directories = '{}'\n", Places(b_, etc("b")),
                       cluster_.directory().string());
  }

  HelperResult Run(std::vector<std::string> more, bool as_superuser = true) {
    if (as_superuser) more.insert(more.end(), {"-U", a_.Sql("SELECT current_user")});
    return cluster_.RunClone(b_, a_, more);
  }
  HelperResult RunInFolder(std::vector<std::string> more, bool as_superuser = true) {
    more.push_back("--config-dir=" + etc("b").string());
    return Run(more, as_superuser);
  }

  static mode_t Mode(const fs::path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_mode & 07777;
  }

  static constexpr const char* kOwnRules = "local all all trust\nhost all all 127.0.0.1/32 trust\n";
  Cluster cluster_;
  Node& a_;
  Node& b_;
};

TEST_F(CloneConfiguration, OfTheSourceIsTakenOver) {
  MoveConfigurationOfSource();
  ConfigureTarget();
  fs::remove(etc("b") / "pg_ident.conf");
  fs::rename(etc("common.conf"), etc("moved.conf"));

  const HelperResult refused = RunInFolder({"--config=copy"}, false);
  const HelperResult dry = RunInFolder({"--config=copy", "--dry-run"});
  const bool changed = fs::exists(etc("b") / "conf.d") || fs::exists(etc("b") / "pg_ident.conf") ||
                       ReadFile(etc("b") / "postgresql.conf") != own_settings() ||
                       ReadFile(etc("b") / "pg_hba.conf") != kOwnRules;
  const HelperResult done = RunInFolder({"--config=copy"});

  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(
      refused.output,
      HasSubstr("pg_baton: error: role \"baton_node\" cannot read the source's "
                "configuration files\n"
                "pg_baton: detail: They lie outside of its data directory; the server says: "
                "absolute path not allowed.\n"
                "pg_baton: hint: Connect as a superuser, for example with -U postgres, or "
                "grant pg_read_server_files to baton_node.\n"));
  EXPECT_EQ(dry.exit_code, 0) << dry.output;
  EXPECT_THAT(dry.output,
              ContainsRegex("configuration +\\| ok +\\| the source's is taken over into .*: "
                            "pg_ident.conf, pg_hba.conf, conf.d/memory.conf, postgresql.conf"));
  EXPECT_THAT(dry.output,
              ContainsRegex("configuration +\\| warning +\\| included .*common.conf. is "
                            "not taken over"));
  EXPECT_FALSE(changed);
  ASSERT_EQ(done.exit_code, 0) << done.output;
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "5MB");
  EXPECT_EQ(b_.Sql("SHOW maintenance_work_mem"), "64MB");
  EXPECT_EQ(b_.Sql("SHOW port"), std::to_string(b_.port()));
  EXPECT_EQ(b_.Sql("SHOW config_file"), (etc("b") / "postgresql.conf").string());
  EXPECT_EQ(b_.Sql("SHOW data_directory"), b_.data().string());
  EXPECT_EQ(b_.Sql("SHOW hba_file"), (etc("b") / "pg_hba.conf").string());
  EXPECT_EQ(b_.Sql("SHOW ident_file"), (etc("b") / "pg_ident.conf").string());
  EXPECT_EQ(b_.Sql("SHOW external_pid_file"), (etc("b") / "pid").string());
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_hba_file_rules WHERE address = '192.0.2.7'"), "1");
  EXPECT_EQ(ReadFile(etc("b") / "conf.d/memory.conf"), ReadFile(etc("a") / "conf.d/memory.conf"));
  EXPECT_EQ(ReadFile(etc("b") / "postgresql.conf.before_pg_baton"), own_settings());
  EXPECT_EQ(ReadFile(etc("b") / "pg_hba.conf.before_pg_baton"), kOwnRules);
  EXPECT_FALSE(fs::exists(etc("b") / "pg_ident.conf.before_pg_baton"));
  EXPECT_EQ(Mode(etc("b") / "postgresql.conf"), 0644U);
  EXPECT_EQ(Mode(etc("b") / "pg_ident.conf"), 0640U);
  EXPECT_EQ(Mode(etc("b") / "conf.d/memory.conf"), 0640U);
}

TEST_F(CloneConfiguration, OfTheHostIsKeptUnlessAskedFor) {
  MoveConfigurationOfSource();
  ConfigureTarget();

  const HelperResult result = RunInFolder({}, false);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "4MB");
  EXPECT_EQ(ReadFile(etc("b") / "postgresql.conf"), own_settings());
  EXPECT_THAT(ReadFile(etc("b") / "pg_hba.conf"), Not(HasSubstr("192.0.2.7")));
}

TEST_F(CloneConfiguration, IsTakenOverAgainAfterAFailure) {
  MoveConfigurationOfSource();
  ConfigureTarget();
  fs::create_directories(etc("b") / "conf.d");
  ReplaceFile(etc("b") / "conf.d/own.conf", "vacuum_cost_limit = 300\n");

  const HelperResult failed = RunInFolder({"--config=copy", "--set", "no_such_setting=1"});
  const std::string taken = ReadFile(etc("b") / "postgresql.conf");
  a_.Sql("GRANT pg_read_server_files TO baton_node");
  const HelperResult done = RunInFolder({"--config=copy"}, false);

  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_THAT(taken, HasSubstr("\ninclude_dir = 'conf.d'\n"));
  ASSERT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, ContainsRegex("configuration +\\| warning +\\| .*/conf.d/own.conf. of "
                                         "this host stays in effect"));
  EXPECT_EQ(ReadFile(etc("b") / "postgresql.conf"), taken);
  EXPECT_EQ(ReadFile(etc("b") / "postgresql.conf.before_pg_baton"), own_settings());
  EXPECT_EQ(b_.Sql("SHOW vacuum_cost_limit"), "300");
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "5MB");
  // Its file from elsewhere is on this host as well.
  EXPECT_EQ(b_.Sql("SHOW maintenance_work_mem"), "7MB");
}

TEST_F(CloneConfiguration, GoesIntoTheDataDirectoryWhereThereIsNoOtherPlace) {
  MoveConfigurationOfSource();

  const HelperResult refused = Run({});
  const bool copied = fs::exists(b_.data());
  const HelperResult done = Run({"--config=copy"});

  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output,
              HasSubstr(fmt::format("pg_baton: error: nothing would give the new server a "
                                    "postgresql.conf\n"
                                    "pg_baton: detail: The source has it in \"{}\"",
                                    (etc("a") / "postgresql.conf").string())));
  EXPECT_FALSE(copied);
  ASSERT_EQ(done.exit_code, 0) << done.output;
  b_.Restart();
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "5MB");
  EXPECT_EQ(b_.Sql("SHOW config_file"), (b_.data() / "postgresql.conf").string());
  EXPECT_EQ(b_.Sql("SHOW hba_file"), (b_.data() / "pg_hba.conf").string());
  EXPECT_EQ(b_.Sql("SHOW external_pid_file"), "");
}

TEST_F(CloneConfiguration, ThatComesWithTheDataNeedsNoMoreRights) {
  fs::create_directories(a_.data() / "conf.d");
  ReplaceFile(a_.data() / "conf.d/memory.conf", "work_mem = 5MB\n");
  a_.Configure("include_dir 'conf.d'\ninclude '/nowhere/else.conf'\n");

  const HelperResult needless = Run({"--config=copy"}, false);
  const HelperResult missing = RunInFolder({}, false);
  const HelperResult done = RunInFolder({"--config=copy"}, false);

  EXPECT_EQ(needless.exit_code, 3) << needless.output;
  EXPECT_THAT(needless.output, HasSubstr("pg_baton: error: --config=copy is not needed here\n"));
  EXPECT_EQ(missing.exit_code, 3) << missing.output;
  EXPECT_THAT(
      missing.output,
      HasSubstr(fmt::format("pg_baton: error: \"{}\" has no postgresql.conf", etc("b").string())));
  ASSERT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("warning: included \"/nowhere/else.conf\" is not taken over"));
  EXPECT_EQ(b_.Sql("SHOW work_mem"), "5MB");
  EXPECT_EQ(b_.Sql("SHOW config_file"), (etc("b") / "postgresql.conf").string());
  EXPECT_EQ(b_.Sql("SHOW data_directory"), b_.data().string());
  EXPECT_EQ(b_.Sql("SHOW hba_file"), (etc("b") / "pg_hba.conf").string());
}

TEST_F(CloneConfiguration, ThatWouldBeMissedIsTold) {
  const fs::path rules = cluster_.directory() / "rules.conf";
  fs::rename(a_.data() / "pg_hba.conf", rules);
  a_.Configure(fmt::format("hba_file = '{}'", rules.string()));
  a_.Restart();
  fs::remove(rules);  // the new host has none

  const HelperResult result = Run({"--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, ContainsRegex("configuration +\\| warning +\\| .*rules.conf. of the "
                                           "source does not come with the copy"));
}

TEST_F(CloneConfiguration, CannotBeTakenIntoAFolderThatIsNotWritable) {
  MoveConfigurationOfSource();
  ConfigureTarget();
  chmod(etc("b").c_str(), 0500);

  const HelperResult result = RunInFolder({"--config=copy", "--dry-run"});

  chmod(etc("b").c_str(), 0700);
  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("error: cannot write to the configuration in"));
}

// A line that lets nobody in would be lost with the file that it is in.
TEST_F(CloneConfiguration, WithRulesFromElsewhereIsRefused) {
  MoveConfigurationOfSource();
  ConfigureTarget();
  ReplaceFile(etc("names"), "nobody\n");
  const fs::path hba = etc("a") / "pg_hba.conf";
  ReplaceFile(hba, ReadFile(hba) + fmt::format("host all @{} all reject\n", etc("names").string()));
  fs::rename(etc("names"), etc("names_of_a"));

  const HelperResult result = RunInFolder({"--config=copy", "--dry-run"});

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, ContainsRegex("configuration +\\| refused"));
}

TEST_F(CloneConfiguration, IsKeepOrCopy) { EXPECT_EQ(Run({"--config=both"}).exit_code, 2); }

}  // namespace
}  // namespace baton::test
