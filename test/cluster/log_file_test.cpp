// --log-file and --verbose: what they show of all that a command does, and that no password is
// ever among it.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "helper/config/passfile.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class LogFile : public Scenario {
 protected:
  fs::path log() const { return cluster_.directory() / "pg_baton.log"; }
  std::string Logged() const { return helper::ReadFileIfThere(log()).value_or(""); }
};

TEST_F(LogFile, GetsWhatIsSaidAndHowItEnded) {
  Node& a = cluster_.InitPlain("a");

  const HelperResult result =
      cluster_.SetupPrimary(a, {"--dry-run", "--log-file=" + log().string()});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(Logged(), HasSubstr("command: "));
  EXPECT_THAT(Logged(), HasSubstr("--node-name=a"));
  EXPECT_THAT(Logged(), HasSubstr("would "));
  EXPECT_THAT(Logged(), HasSubstr("exit code: 0\n"));
  EXPECT_THAT(Logged(), Not(HasSubstr("SQL: ")));
}

TEST_F(LogFile, GetsErrorsWithDetailAndHint) {
  const HelperResult result = cluster_.Helper(
      {"status", "-h", cluster_.directory().string(), "--log-file=" + log().string()});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(Logged(), HasSubstr("] error: could not connect to the server at "));
  EXPECT_THAT(Logged(), HasSubstr("] detail: "));
  EXPECT_THAT(Logged(), HasSubstr("] hint: Check host and port"));
  EXPECT_THAT(Logged(), HasSubstr("exit code: 1\n"));
}

TEST_F(LogFile, ThatCannotBeOpenedEndsTheCommandBeforeItBegins) {
  const HelperResult result = cluster_.Helper({"status", "--log-file=/no/such/folder/log"});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output,
            "pg_baton: error: could not open log file \"/no/such/folder/log\": No such file or "
            "directory\n");
}

//   a (primary, asks for a password)  <---  b
class Secrets : public LogFile {
 protected:
  Secrets() : a_(cluster_.InitPlain("a", kQuick)), b_(cluster_.Plan("b")) {
    AskForPasswords(a_);
    Run(cluster_.SetupPrimary(a_, With({"--restart"})));
    password_ = helper::LookUpPassword(helper::ReadFile(cluster_.passfile()),
                                       {"127.0.0.1", "1", "postgres", "baton_node"})
                    .value();
  }

  // The first line that fits counts.
  static void AskForPasswords(const Node& node) {
    const fs::path file = node.data() / "pg_hba.conf";
    const std::string lines = helper::ReadFile(file);
    std::ofstream(file) << "host all,replication baton_node 127.0.0.1/32 scram-sha-256\n" << lines;
    node.Sql("SELECT pg_reload_conf()");
  }
  std::vector<std::string> With(std::vector<std::string> more) const {
    more.insert(more.end(), {"-v", "--log-file=" + log().string()});
    return more;
  }
  // A connection string as somebody might type it.
  std::string Typed(const Node& node) const {
    return fmt::format("host=127.0.0.1 port={} user=baton_node password='{}'", node.port(),
                       password_);
  }
  void Run(const HelperResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.output;
    said_ += result.output;
  }
  void Run(const std::vector<std::string>& arguments) { Run(cluster_.Helper(With(arguments))); }
  std::vector<std::string> At(const std::string& command, const Node& node,
                              const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {command};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"-h", "127.0.0.1", "-p", std::to_string(node.port()),
                                       "--passfile=" + cluster_.passfile().string()});
    return arguments;
  }

  Node& a_;
  Node& b_;
  std::string password_;
  std::string said_;
};

TEST_F(Secrets, AreShownByNoCommand) {
  const std::string start =
      fmt::format("PGPASSWORD='{}' {} start -w -D {} -l {}", password_, Cluster::Program("pg_ctl"),
                  b_.data().string(), b_.log_file().string());
  Run(cluster_.RunClone(b_, a_, With({"--start-command", start})));
  EXPECT_TRUE(Returns(a_, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
  EXPECT_TRUE(Returns(b_, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
  Run(At("status", a_));
  Run({"status", "-d", Typed(a_)});
  Run({"metrics", "-d", Typed(a_)});
  Run({"metrics", "-d",
       fmt::format("postgresql://baton_node:{}@127.0.0.1:{}/postgres", password_, a_.port())});
  Run(At("promote", b_, {"--dry-run", "--force"}));
  Run(At("switchover", a_, {"b"}));
  EXPECT_TRUE(
      Returns(b_, "SELECT status FROM baton.switchover_check('a') WHERE status = 'critical'", ""));
  Run(At("switchover", a_, {"a"}));
  b_.Stop();
  Run({"prestart", "-D", b_.data().string(), "--bindir=" + Cluster::bindir().string()});
  const HelperResult wrong =
      cluster_.Helper(With({"status", "-d", Typed(a_) + " connect_timeout=x"}));
  said_ += wrong.output;

  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(Logged(), HasSubstr("password=***"));
  EXPECT_THAT(Logged(), HasSubstr("PGPASSWORD=***"));
  EXPECT_THAT(Logged(), HasSubstr("] SQL: SELECT"));
  EXPECT_THAT(Logged(), HasSubstr("/pg_basebackup "));
  EXPECT_THAT(said_, HasSubstr("pg_baton: SQL: SELECT"));
  EXPECT_THAT(Logged(), Not(HasSubstr(password_)));
  EXPECT_THAT(said_, Not(HasSubstr(password_)));
}

}  // namespace
}  // namespace baton::test
