#include "test/cluster/rejoin_scenario.hpp"

#include <csignal>
#include <fmt/format.h>

#include "helper/system/file.hpp"

namespace baton::test {
namespace {

char StateOf(pid_t pid) {
  const auto stat = helper::ReadFileIfThere(fmt::format("/proc/{}/stat", pid)).value_or("");
  const auto name_ends = stat.rfind(") ");
  return name_ends == std::string::npos ? '\0' : stat[name_ends + 2];
}

}  // namespace

RejoinScenario::RejoinScenario() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  WaitForReplay();
}

void RejoinScenario::WaitForReplay() {
  const std::string lsn = a_.Sql("SELECT pg_current_wal_lsn()");
  ASSERT_TRUE(Eventually(
      [&] { return b_.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn)) == "t"; }));
}

void RejoinScenario::Diverge() {
  b_.Sql("SELECT pg_wal_replay_resume()");
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  // The gate is closed here by now.
  helper::Connection session = a_.Connect();
  session.Query("SET pg_baton.bypass_gate = on");
  session.Query("INSERT INTO t SELECT generate_series(5000, 5999)");
  b_.Sql("INSERT INTO t SELECT generate_series(2000, 2009)");
}

void RejoinScenario::ExpectFollows() {
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_TRUE(Eventually(
      [&] { return a_.Sql("SELECT count(*) FROM t") == b_.Sql("SELECT count(*) FROM t"); }));
  EXPECT_EQ(a_.Sql("SELECT sum(n) FROM t"), b_.Sql("SELECT sum(n) FROM t"));
  b_.Sql("INSERT INTO t VALUES (9999)");
  EXPECT_TRUE(Eventually([&] { return a_.Sql("SELECT count(*) FROM t WHERE n = 9999") == "1"; }));
  EXPECT_EQ(b_.Rows("SELECT name, state FROM baton.standbys WHERE name = 'a'"), "a|streaming");
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_rejoin"))) << "the journal";
}

pid_t RejoinScenario::PauseAt(const std::string& step, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"/usr/bin/env", "PG_BATON_PAUSE_AT=" + step,
                                        Cluster::Program("pg_baton")};
  const std::vector<std::string> rejoin = cluster_.RejoinArguments(a_, b_);
  arguments.insert(arguments.end(), rejoin.begin(), rejoin.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  const pid_t pid = Spawn(arguments, cluster_.directory() / "rejoin.out");
  char state = '\0';
  Eventually([&] {
    state = StateOf(pid);
    return state == 'T' || state == 'Z' || state == '\0';
  });
  if (state == 'T') return pid;
  WaitFor(pid);
  return 0;
}

testing::AssertionResult RejoinScenario::BreakOff(const std::string& step,
                                                  const std::vector<std::string>& more) {
  const pid_t pid = PauseAt(step, more);
  if (pid == 0) return testing::AssertionFailure() << "it did not come to " << step << Output();
  SendSignal(pid, SIGKILL);
  WaitFor(pid);
  return testing::AssertionSuccess();
}

testing::AssertionResult RejoinScenario::RefusesToStart() {
  const fs::path log = cluster_.directory() / "start.out";
  const helper::ProcessResult start =
      helper::RunProcess({Cluster::Program("pg_ctl"), "start", "--pgdata=" + a_.data().string(),
                          "--wait", "--timeout=20", "--log=" + log.string()});
  const std::string said = helper::ReadFileIfThere(log).value_or("") + start.output;
  fs::remove(log);
  if (start.exit_code != 0) return testing::AssertionSuccess() << said;
  helper::RunProcess(
      {Cluster::Program("pg_ctl"), "stop", "--pgdata=" + a_.data().string(), "--mode=immediate"});
  return testing::AssertionFailure() << "it starts: " << said;
}

fs::path RejoinScenario::LostWork() const {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Beside(".pg_baton_lost"), error)) {
    folders.push_back(entry.path());
  }
  EXPECT_EQ(folders.size(), 1u);
  return folders.empty() ? fs::path() : folders.front();
}

std::string RejoinScenario::Output() const {
  return helper::ReadFileIfThere(cluster_.directory() / "rejoin.out").value_or("");
}

}  // namespace baton::test
