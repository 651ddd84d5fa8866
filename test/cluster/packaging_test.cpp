// The command lines of packaging/, as they stand in its files, with the paths of these servers.
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/old_primary_scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

std::string Packaged(const std::string& file) {
  const char* const elsewhere = std::getenv("PG_BATON_PACKAGING");
  return helper::ReadFile(fs::path(elsewhere ? elsewhere : PG_BATON_PACKAGING) / file);
}

// What stands behind `start` in the one line that begins so.
std::string LineOf(const std::string& text, const std::string& start) {
  std::istringstream lines(text);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(start)) continue;
    EXPECT_EQ(found, "") << start;
    found = line.substr(start.size());
  }
  EXPECT_NE(found, "") << start;
  return found;
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  for (; at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream text(line);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

//   a (killed)    b (primary)          a ---> b (primary)
class Packaging : public OldPrimaryScenario {
 protected:
  Packaging() {
    a_.Kill();
    PromoteB();
  }

  // pg_baton would find the programs that Debian has, which do not know this library.
  static std::string Helper(const std::string& command) {
    return fmt::format("{} {} --bindir={}", Cluster::Program("pg_baton"), command,
                       Cluster::bindir().string());
  }

  // Moves node a's configuration to where Debian has it; returns that folder.
  fs::path LayOutAsDebian() {
    const int major = b_.Connect().major();
    instance_ = fmt::format("{}-main", major);
    fs::path folder = cluster_.directory() / "etc" / std::to_string(major) / "main";
    fs::create_directories(folder);
    for (const char* const file : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
      fs::rename(a_.data() / file, folder / file);
    }
    std::ofstream(folder / "postgresql.conf", std::ios::app) << fmt::format(
        "data_directory = '{}'\nhba_file = '{}'\nident_file = '{}'\n", a_.data().string(),
        (folder / "pg_hba.conf").string(), (folder / "pg_ident.conf").string());
    return folder;
  }

  std::string instance_;  // as systemd's %i
};

TEST_F(Packaging, TheDropInForDebiansUnitBringsAnOldPrimaryBack) {
  const fs::path configuration = LayOutAsDebian();
  const std::string drop_in = Packaged("systemd/postgresql@.service.d/pg_baton.conf");
  std::string line = LineOf(drop_in, "ExecStartPre=");
  line = Replaced(line, "/usr/sbin/runuser -u postgres -- /usr/local/bin/pg_baton prestart",
                  Helper("prestart"));
  line = Replaced(line, "%i", instance_);

  helper::ProcessOptions process;
  process.environment["PG_CLUSTER_CONF_ROOT"] = cluster_.directory() / "etc";
  const helper::ProcessResult result = helper::RunProcess(Words(line), process);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", configuration, "-l", a_.log_file()});

  EXPECT_TRUE(Follows(a_, b_));
  EXPECT_EQ(a_.Sql("SHOW config_file"), (configuration / "postgresql.conf").string());
}

TEST_F(Packaging, TheUnitForASelfBuiltServerBringsAnOldPrimaryBack) {
  const std::string unit = Packaged("systemd/postgresql.service");
  std::string before = LineOf(unit, "ExecStartPre=");
  before = Replaced(before, "/usr/local/pgsql/bin/pg_baton prestart", Helper("prestart"));
  before = Replaced(before, "/usr/local/pgsql/data", a_.data());
  std::string start = LineOf(unit, "ExecStart=");
  start = Replaced(start, "/usr/local/pgsql/bin", Cluster::bindir());
  start = Replaced(start, "/usr/local/pgsql/data", a_.data());

  const helper::ProcessResult result = helper::RunProcess(Words(before));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const pid_t server = Spawn(Words(start), a_.log_file());

  ASSERT_TRUE(Accepts(a_)) << a_.Log();
  EXPECT_TRUE(Follows(a_, b_));
  SendSignal(server, SIGINT);
  EXPECT_EQ(WaitFor(server), 0);
}

// As pg_ctlcluster calls it.
TEST_F(Packaging, WhatStandsInForPostgresBringsAnOldPrimaryBack) {
  const fs::path configuration = LayOutAsDebian();
  const fs::path script = cluster_.directory() / "postgres";
  std::ofstream(script) << Replaced(Packaged("pg_ctlcluster/postgres"),
                                    "/usr/local/bin/pg_baton run", Helper("run"));
  chmod(script.c_str(), 0755);
  std::string options = LineOf(Packaged("pg_ctlcluster/pg_ctl.conf"), "pg_ctl_options = '");
  ASSERT_TRUE(options.ends_with('\''));
  options.pop_back();

  std::vector<std::string> arguments = {
      Cluster::Program("pg_ctl"), "start", "-D", a_.data(), "-l", a_.log_file()};
  for (const std::string& word :
       Words(Replaced(options, "/usr/local/lib/pg_baton/postgres", script))) {
    arguments.push_back(word);
  }
  arguments.insert(
      arguments.end(),
      {"-s", "-o", fmt::format(" -c config_file=\"{}/postgresql.conf\"", configuration.string())});
  const helper::ProcessResult result = helper::RunProcess(arguments);

  ASSERT_EQ(result.exit_code, 0) << result.output << a_.Log();
  EXPECT_THAT(a_.Log(), HasSubstr("this node comes back as its standby\n"));
  EXPECT_TRUE(Follows(a_, b_));
  const helper::ProcessResult wrong = helper::RunProcess({script, "--version"});
  EXPECT_EQ(wrong.exit_code, 2);
}

TEST_F(Packaging, TheEntryPointOfAContainerBringsAnOldPrimaryBack) {
  const std::string file = Packaged("container/Containerfile.part");
  const auto json = nlohmann::json::parse(LineOf(file, "ENTRYPOINT "));
  auto arguments = json.get<std::vector<std::string>>();
  ASSERT_GE(arguments.size(), 4U);
  EXPECT_EQ(arguments[0], "/usr/local/bin/pg_baton");
  EXPECT_EQ(arguments[3], "/var/lib/postgresql/data");
  arguments[0] = Cluster::Program("pg_baton");
  arguments[3] = a_.data();
  arguments.insert(arguments.begin() + 2, "--bindir=" + Cluster::bindir().string());
  EXPECT_EQ(LineOf(file, "STOPSIGNAL "), "SIGINT");

  const pid_t server = Spawn(arguments, a_.log_file());

  ASSERT_TRUE(Accepts(a_)) << a_.Log();
  EXPECT_TRUE(Follows(a_, b_));
  SendSignal(server, SIGINT);
  EXPECT_EQ(WaitFor(server), 0);
}

}  // namespace
}  // namespace baton::test
