// pg_baton promote: the same promotion from the shell, with exit codes that a script can rely on.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

class PromoteCommand : public testing::Test {
 protected:
  PromoteCommand() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {}

  HelperResult Promote(const Node& node, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"promote",
                                          "-h",
                                          "127.0.0.1",
                                          "-p",
                                          std::to_string(node.port()),
                                          "--passfile=" + cluster_.passfile().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  void KillPrimary() {
    a_.Kill();
    ASSERT_TRUE(Eventually(
        [&] { return b_.Sql("SELECT state FROM baton.node_status") == "not receiving"; }));
  }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

//   a (primary) <--- b            a (killed)      b (primary, timeline 2)
TEST_F(PromoteCommand, MakesTheStandbyOfADeadPrimaryThePrimary) {
  KillPrimary();

  const HelperResult result = Promote(b_);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex("node \"b\" is the primary on timeline 2 from [0-9A-F]+/[0-9A-F]+ on"));
  EXPECT_EQ(b_.Rows("SELECT outcome, requested_by, timeline FROM baton.requests"),
            "promoted|baton_node|2");
}

TEST_F(PromoteCommand, IsRefusedWithReasonsWhileThePrimaryLives) {
  const HelperResult result = Promote(b_);

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output,
              ContainsRegex(" primary_alive +\\| critical \\| node \"a\" answers as primary"));
  EXPECT_THAT(result.output, HasSubstr("hint: primary_alive: "));
  EXPECT_THAT(result.output,
              ContainsRegex("pg_baton: error: the promotion was refused\n"
                            "pg_baton: detail: primary_alive: node \"a\" answers as primary"));
  EXPECT_THAT(result.output, HasSubstr("--force"));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
}

TEST_F(PromoteCommand, DryRunSaysWhatWouldBeAndChangesNothing) {
  const HelperResult refused = Promote(b_, {"--dry-run"});
  const HelperResult forced = Promote(b_, {"--dry-run", "--force"});
  const HelperResult no_standby = Promote(a_, {"--dry-run", "--force"});

  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.output, HasSubstr("pg_baton: error: primary_alive: node \"a\" answers"));
  EXPECT_EQ(forced.exit_code, 0);
  EXPECT_THAT(forced.output, HasSubstr("node \"b\" would be promoted by force, against: "
                                       "primary_alive: node \"a\" answers as primary"));
  EXPECT_EQ(no_standby.exit_code, 3);
  EXPECT_THAT(no_standby.output, HasSubstr("is_standby: this server is not a standby"));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.requests"), "0");
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");

  KillPrimary();
  const HelperResult fine = Promote(b_, {"--dry-run"});

  EXPECT_EQ(fine.exit_code, 0) << fine.output;
  EXPECT_THAT(fine.output, HasSubstr("node \"b\" would be promoted\n"));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
}

TEST_F(PromoteCommand, ForceTakesItAndSaysWhatSpokeAgainstIt) {
  const HelperResult result = Promote(b_, {"--force"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("node \"b\" is the primary on timeline 2"));
  EXPECT_THAT(result.output,
              ContainsRegex("pg_baton: warning: it was promoted by force\n"
                            "pg_baton: detail: (forced against: )?primary_alive: node \"a\" "
                            "answers as primary"));
  EXPECT_EQ(b_.Rows("SELECT outcome, force FROM baton.requests"), "promoted|t");
}

TEST_F(PromoteCommand, JsonHasTheOutcomeAndEveryCheck) {
  const HelperResult refused = Promote(b_, {"--format=json", "--dry-run"});
  KillPrimary();
  const HelperResult promoted = Promote(b_, {"--format=json"});

  EXPECT_EQ(refused.exit_code, 3);
  const json refusal = json::parse(refused.json());
  EXPECT_EQ(refusal["ok"], false);
  EXPECT_EQ(refusal["outcome"], "would be refused");
  EXPECT_EQ(promoted.exit_code, 0) << promoted.output;
  const json promotion = json::parse(promoted.json());
  EXPECT_EQ(promotion["ok"], true);
  EXPECT_EQ(promotion["node"], "b");
  EXPECT_EQ(promotion["outcome"], "promoted");
  EXPECT_EQ(promotion["timeline"], 2);
  EXPECT_EQ(promotion["checks"].size(), refusal["checks"].size());
}

TEST_F(PromoteCommand, AServerThatDoesNotAnswerIsAFailureAndAWrongOptionUsage) {
  b_.Stop();

  EXPECT_EQ(Promote(b_).exit_code, 1);
  EXPECT_EQ(Promote(b_, {"--timeout=0"}).exit_code, 2);
}

}  // namespace
}  // namespace baton::test
