// pg_baton status: the cluster as one sees it from any node, with nodes gone, silent or cut off.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class StatusCommand : public testing::Test {
 protected:
  StatusCommand() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {
    for (const Node* const node : {&a_, &b_}) {
      EXPECT_TRUE(Eventually([&] {
        return node->Sql("SELECT count(*) FROM baton.health WHERE status <> 'ok'") == "0";
      })) << node->Rows("SELECT check_name, status, message FROM baton.health");
    }
  }

  std::vector<std::string> Arguments(const Node& node, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"status",
                                          "-h",
                                          "127.0.0.1",
                                          "-p",
                                          std::to_string(node.port()),
                                          "--passfile=" + cluster_.passfile().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  HelperResult Status(const Node& node, const std::vector<std::string>& more = {}) {
    return cluster_.Helper(Arguments(node, more));
  }
  json StatusJson(const Node& node) { return json::parse(Status(node, {"--format=json"}).output); }
  bool Shows(const Node& node, const std::string& part) {
    return Eventually([&] { return Status(node).output.find(part) != std::string::npos; });
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

TEST_F(StatusCommand, EveryNodeSaysThatAFailoverWouldLoseNothing) {
  EXPECT_TRUE(Shows(a_, "; failover to b would lose 0 bytes\n")) << Status(a_).output;
  EXPECT_TRUE(Shows(b_, "; failover to b would lose 0 bytes\n")) << Status(b_).output;
}

TEST_F(StatusCommand, JsonNamesWhatTheViewNames) {
  json status;
  ASSERT_TRUE(Eventually([&] {
    status = StatusJson(b_);
    return status["failover"]["loss_bytes"] == 0 && status["nodes"][1]["replay_lag_bytes"] == 0;
  }));

  EXPECT_EQ(status["ok"], true);
  EXPECT_EQ(status["asked"], "b");
  EXPECT_EQ(status["nodes"][0]["name"], "a");
  EXPECT_EQ(status["nodes"][0]["role"], "primary");
  EXPECT_TRUE(status["nodes"][0]["replay_lag_bytes"].is_null());
  EXPECT_EQ(status["nodes"][1]["name"], "b");
  EXPECT_EQ(status["nodes"][1]["upstream"], "a");
  EXPECT_EQ(status["nodes"][1]["replay_lag_bytes"], 0);
  EXPECT_EQ(status["nodes"][1]["known_from"], "b");
}

TEST_F(StatusCommand, AStandbyThatIsGoneKeepsItsRowAndCannotTakeOver) {
  ASSERT_TRUE(Shows(a_, "failover to b would lose"));
  b_.Stop();

  const std::string output = Status(a_).output;

  EXPECT_THAT(output, ContainsRegex(" b +\\| 127.0.0.1:[0-9]+ \\| unknown +\\| unreachable"));
  EXPECT_THAT(output, HasSubstr("; no standby could take over\n"));
  EXPECT_THAT(output, HasSubstr("answers neither here ("));
  EXPECT_THAT(output, ContainsRegex("last seen .* ago as standby, streaming"));
}

TEST_F(StatusCommand, WithoutAPrimaryItSaysWhatTheStandbyLacks) {
  ASSERT_TRUE(Shows(b_, "failover to b would lose 0 bytes"));
  a_.Kill();

  EXPECT_THAT(Status(b_).output,
              StartsWith("critical: no node answers as primary\n"
                         "b could take over; it lacks 0 bytes of what a was last seen to have\n"));
}

TEST_F(StatusCommand, TwoPrimariesAreCritical) {
  a_.Stop();
  b_.Sql("SELECT pg_promote()");
  a_.Start();

  EXPECT_TRUE(Shows(b_, "critical: 2 nodes answer as primary: a, b\n")) << Status(b_).output;
}

// The asked node reaches b with its own password file; this command has none.
TEST_F(StatusCommand, ANodeThatOnlyTheAskedOneReachesIsKnownFromThere) {
  ASSERT_TRUE(Shows(a_, "failover to b would lose"));
  const fs::path empty = cluster_.directory() / "empty_passfile";
  std::ofstream(empty) << "";
  fs::permissions(empty, fs::perms::owner_read | fs::perms::owner_write);

  const HelperResult result =
      cluster_.Helper({"status", "-w", "-h", cluster_.directory().string(), "-p",
                       std::to_string(a_.port()), "--passfile=" + empty.string()});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, StartsWith("unknown: reachable of b: could not be asked from here ("));
  EXPECT_THAT(result.output, ContainsRegex(" b .*\\| standby \\| streaming .* ago by a\n"));
  EXPECT_THAT(result.output, HasSubstr("this command does not see b, a does\n"));
}

TEST_F(StatusCommand, ANodeThatTheOtherDoesNotSeeIsTold) {
  ASSERT_TRUE(Shows(b_, "failover to b would lose"));
  // a does not let b in any more, but this command over the socket.
  a_.Sql("ALTER ROLE baton_node NOLOGIN");

  EXPECT_TRUE(Eventually([&] {
    const std::string output =
        cluster_
            .Helper({"status", "-h", cluster_.directory().string(), "-p", std::to_string(a_.port()),
                     "--passfile=" + cluster_.passfile().string()})
            .output;
    return output.find("who does not see whom:\n") != std::string::npos;
  }));
}

TEST_F(StatusCommand, AnExtensionThatIsTooOldIsNamed) {
  a_.Sql("ALTER EXTENSION pg_baton DROP VIEW baton.cluster");
  a_.Sql("DROP VIEW baton.cluster");

  const HelperResult result = Status(a_);

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              StartsWith("pg_baton: error: the extension pg_baton of this server has "
                         "no baton.cluster\n"));
  EXPECT_THAT(result.output, HasSubstr("hint: Install the same version of pg_baton on every node"));
}

TEST_F(StatusCommand, WatchDrawsAgainUntilASignalAndSaysHowTheLagWent) {
  std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
  for (const std::string& argument : Arguments(a_, {"--watch=0.1"})) arguments.push_back(argument);
  const fs::path output = cluster_.directory() / "watch.out";
  const pid_t pid = Spawn(arguments, output);

  const bool drawn = Eventually([&] {
    const std::string text = helper::ReadFileIfThere(output).value_or("");
    return text.find("  b ▁▁▁") != std::string::npos;
  });
  SendSignal(pid, SIGINT);

  EXPECT_EQ(WaitFor(pid), 0);
  EXPECT_TRUE(drawn) << helper::ReadFileIfThere(output).value_or("");
  EXPECT_THAT(helper::ReadFileIfThere(output).value_or(""), Not(HasSubstr("\033[")));
}

TEST_F(StatusCommand, AnIntervalThatIsNoneIsRefused) {
  const HelperResult result = Status(a_, {"--watch=often"});

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.output,
            "pg_baton: error: invalid interval \"often\"\n"
            "pg_baton: hint: Give seconds, from 0.1 to 3600: --watch=5.\n");
}

}  // namespace
}  // namespace baton::test
