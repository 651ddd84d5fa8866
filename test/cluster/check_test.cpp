// pg_baton check: what a monitoring system sees of a node that is well, ill, closed or gone.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class CheckCommand : public testing::Test {
 protected:
  CheckCommand() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {}

  HelperResult Check(const Node& node, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"check", "-h", "127.0.0.1", "-p",
                                          std::to_string(node.port())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments, {{"PGPASSFILE", cluster_.passfile().string()}});
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

TEST_F(CheckCommand, ANodeThatIsWellIsOk) {
  for (const Node* const node : {&a_, &b_}) {
    ASSERT_TRUE(Eventually([&] {
      return Check(*node, {"--exclude=disk_space,wal_space"}).exit_code == 0;
    })) << Check(*node).output;
  }

  const HelperResult result = Check(b_, {"--only=streaming,replay_lag,replay_lag_bytes"});

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, StartsWith("PG_BATON OK - 3 checks are ok | "));
  EXPECT_THAT(result.output, ContainsRegex("'replay_lag'=[0-9.]+s;60;300"));
  EXPECT_THAT(result.output, ContainsRegex("'replay_lag_bytes'=[0-9]+B;268435456;1073741824"));
}

TEST_F(CheckCommand, PausedReplayIsAWarning) {
  b_.Sql("SELECT pg_wal_replay_pause()");

  EXPECT_TRUE(Eventually([&] { return Check(b_, {"--only=replay_paused"}).exit_code == 1; }));
  EXPECT_THAT(Check(b_, {"--only=replay_paused"}).output,
              StartsWith("PG_BATON WARNING - replay_paused: "));
}

TEST_F(CheckCommand, AStandbyWithoutItsPrimaryIsCritical) {
  a_.Kill();

  EXPECT_TRUE(Eventually([&] { return Check(b_, {"--only=streaming"}).exit_code == 2; }));
  EXPECT_THAT(Check(b_, {"--only=streaming"}).output,
              StartsWith("PG_BATON CRITICAL - streaming: no WAL comes in"));
}

TEST_F(CheckCommand, ACheckOfTheOtherRoleIsNotApplicable) {
  const HelperResult result = Check(a_, {"--only=streaming"});

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "PG_BATON OK - streaming: not applicable to this node's role\n");
}

TEST_F(CheckCommand, AServerThatIsGoneIsCriticalAndOneThatLetsNobodyInIsUnknown) {
  const HelperResult closed = Check(b_, {"-U", "nobody_by_this_name"});
  b_.Stop();
  const HelperResult gone = Check(b_);

  EXPECT_EQ(closed.exit_code, 3);
  EXPECT_THAT(closed.output, StartsWith("PG_BATON UNKNOWN - could not connect to the server at "));
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.output, StartsWith("PG_BATON CRITICAL - could not connect to the server at "));
}

TEST_F(CheckCommand, AMemberOfPgMonitorIsEnough) {
  a_.Sql("CREATE ROLE monitor LOGIN IN ROLE pg_monitor");

  const HelperResult result = Check(a_, {"-U", "monitor", "--only=monitor"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST_F(CheckCommand, WhatMakesNoSenseIsUnknownOnStandardOutput) {
  const HelperResult name = Check(a_, {"--only=nonsense"});
  const HelperResult option = Check(a_, {"--nonsense"});
  const HelperResult word = Check(a_, {"nonsense"});

  EXPECT_EQ(name.exit_code, 3);
  EXPECT_THAT(name.output, StartsWith("PG_BATON UNKNOWN - unknown check \"nonsense\"\n"
                                      "The checks are: write_gate, streaming, "));
  EXPECT_EQ(option.exit_code, 3);
  EXPECT_THAT(option.output, StartsWith("PG_BATON UNKNOWN - "));
  EXPECT_EQ(word.exit_code, 3);
  EXPECT_THAT(word.output, StartsWith("PG_BATON UNKNOWN - "));
}

TEST_F(CheckCommand, AServerWithoutTheExtensionIsUnknown) {
  a_.Sql("CREATE DATABASE other");

  const HelperResult result = Check(a_, {"-d", "other"});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, StartsWith("PG_BATON UNKNOWN - this server has no extension pg_baton\n"
                                        "It was looked for in database \"other\".\n"));
}

TEST_F(CheckCommand, JsonHasTheRowsAndTheVerdict) {
  ASSERT_TRUE(Eventually([&] { return Check(b_, {"--only=replay_lag"}).exit_code == 0; }));

  const nlohmann::json json =
      nlohmann::json::parse(Check(b_, {"--only=replay_lag", "--format=json"}).output);

  EXPECT_EQ(json["status"], "ok");
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_EQ(json["checks"][0]["check_name"], "replay_lag");
  EXPECT_EQ(json["checks"][0]["unit"], "s");
  EXPECT_EQ(json["checks"][0]["warning_at"], 60.0);
}

}  // namespace
}  // namespace baton::test
