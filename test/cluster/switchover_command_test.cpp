// pg_baton switchover: the roles swapped from the shell, from any node, with an end that is seen on
// both nodes.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "test/cluster/baton_scenario.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class SwitchoverCommand : public BatonScenario {
 protected:
  SwitchoverCommand() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    WaitUntilAllSeeEachOther({&a_, &b_});
  }

  HelperResult Switchover(const std::string& target, const Node& asked,
                          const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"switchover",
                                          target,
                                          "-h",
                                          "127.0.0.1",
                                          "-p",
                                          std::to_string(asked.port()),
                                          "--passfile=" + cluster_.passfile().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  static void WaitUntilAllSeeEachOther(const std::vector<const Node*>& nodes) {
    for (const Node* const node : nodes) {
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable",
                          std::to_string(nodes.size())));
    }
  }
  static testing::AssertionResult Streams(const Node& node, const Node& from) {
    return Returns(node, "SELECT role, state, upstream FROM baton.node_status",
                   "standby|streaming|" + from.name());
  }
  // The first line that fits counts.
  static void BeginAccess(const Node& node, const std::string& line) {
    const fs::path file = node.data() / "pg_hba.conf";
    std::ifstream before(file);
    const std::string lines{std::istreambuf_iterator<char>(before), {}};
    std::ofstream(file) << line << "\n" << lines;
    node.Sql("SELECT pg_reload_conf()");
  }
  static std::string Swaps(const Node& node) {
    return node.Rows(
        "SELECT kind, outcome, hand_over FROM baton.requests WHERE hand_over IS NOT NULL"
        " ORDER BY request_id");
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b            a ---> b (primary, timeline 2)
TEST_F(SwitchoverCommand, SwapsTheRolesUnderWritesAndLosesNone) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  const int postmaster = a_.Postmaster();

  const HelperResult result = Switchover("b", a_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex("node \"b\" is the primary on timeline 2 from [0-9A-F]+/[0-9A-F]+ on; "
                            "node \"a\" streams from it\n"));
  EXPECT_THAT(result.output, ContainsRegex(" step +\\| ms\n"));
  EXPECT_THAT(result.output, ContainsRegex("\n demote +\\| [0-9]+\n"));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "f");
  EXPECT_TRUE(Streams(a_, b_));
  EXPECT_EQ(a_.Postmaster(), postmaster) << "demoted in place";
  EXPECT_EQ(Swaps(a_), Swaps(b_));
  EXPECT_THAT(Swaps(a_), ContainsRegex("^switchover\\|done\\|[0-9a-f]{16}$"));
  EXPECT_TRUE(WritesGoOnAt(b_));
  StopWriter();
  EXPECT_TRUE(Judge(b_, Loss::kNone));
}

//   a (primary) <--- b            a ---> b (primary)            a (primary) <--- b
TEST_F(SwitchoverCommand, FindsThePrimaryFromTheTargetAndSwapsBack) {
  const HelperResult there = Switchover("b", b_);
  ASSERT_EQ(there.exit_code, 0) << there.output;
  WaitUntilAllSeeEachOther({&a_, &b_});
  EXPECT_TRUE(Returns(b_, "SELECT name FROM baton.cluster WHERE role = 'primary'", "b"));
  EXPECT_TRUE(
      Returns(b_, "SELECT status FROM baton.switchover_check('a') WHERE status = 'critical'", ""));

  const HelperResult back = Switchover("a", b_);

  EXPECT_EQ(back.exit_code, 0) << back.output;
  EXPECT_THAT(back.output, HasSubstr("node \"a\" is the primary on timeline 3"));
  EXPECT_TRUE(Streams(b_, a_));
}

// The node that has just given the role away may not have seen yet who has it.
TEST_F(SwitchoverCommand, FindsThePrimaryRightAfterTheRolesHaveChanged) {
  const HelperResult there = Switchover("b", a_);
  ASSERT_EQ(there.exit_code, 0) << there.output;

  const HelperResult plan = Switchover("a", a_, {"--dry-run", "--format=json"});

  EXPECT_THAT(plan.json(), HasSubstr("\"former_primary\": \"b\""));
}

//   a (primary) <--- b            a ---> b (primary) <--- c
//               <--- c
TEST_F(SwitchoverCommand, FindsThePrimaryFromAThirdNode) {
  Node& c = cluster_.Clone("c", a_);
  WaitUntilAllSeeEachOther({&a_, &b_, &c});

  const HelperResult result = Switchover("b", c);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(Streams(a_, b_));
  EXPECT_TRUE(Streams(c, b_));
}

//   a (primary) <--- b            a (primary) <--- b
TEST_F(SwitchoverCommand, DryRunSaysWhatWouldBeAndChangesNothing) {
  const HelperResult fine = Switchover("b", a_, {"--dry-run"});
  const HelperResult itself = Switchover("a", a_, {"--dry-run"});

  EXPECT_EQ(fine.exit_code, 0) << fine.output;
  EXPECT_THAT(fine.output, HasSubstr("node \"a\" would hand over to node \"b\"\n"));
  EXPECT_EQ(itself.exit_code, 3) << itself.output;
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM baton.requests"), "0");
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "f");
  EXPECT_TRUE(Streams(b_, a_));
}

//   a (primary) <--- b (stopped)  a (primary)      b (stopped)
TEST_F(SwitchoverCommand, IsRefusedWithReasonsWhereTheTargetIsDown) {
  b_.Stop();
  ASSERT_TRUE(Returns(a_, "SELECT reachable FROM baton.cluster WHERE name = 'b'", "f"));

  const HelperResult result = Switchover("b", a_);

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, ContainsRegex(" \\| critical \\| "));
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: the switchover was refused\n"));
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: hint: See \"SELECT * FROM baton.switchover_check('b')\" on node "
                        "\"a\".\n"));
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "f");
}

//   a (primary) <--- b            a (primary) <--- b
TEST_F(SwitchoverCommand, ALoginThatFailsOnTheTargetChangesNothing) {
  a_.Sql("CREATE ROLE me LOGIN IN ROLE baton_operator");
  WaitForReplay(a_, b_);
  // baton_node, as which the nodes ask each other, still gets in.
  BeginAccess(a_, "host all me 127.0.0.1/32 trust");
  BeginAccess(b_, "host all me 127.0.0.1/32 reject");
  ASSERT_TRUE(Eventually([&] { return Switchover("b", a_, {"-U", "me", "-n"}).exit_code == 0; }));

  const HelperResult result = Switchover("b", a_, {"-U", "me"});

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("could not connect to the server at \"127.0.0.1\", port {}",
                                    b_.port())));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM baton.requests"), "0");
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "f");
}

//   a (killed) <--- b             a (killed)      b
TEST_F(SwitchoverCommand, WithoutAPrimaryItSaysSo) {
  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT reachable FROM baton.cluster WHERE name = 'a'", "f"));

  const HelperResult result = Switchover("b", b_);

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: no primary answers node \"b\"\n"));
  EXPECT_THAT(result.output, HasSubstr("pg_baton promote"));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
}

//   a (primary) <--- b            a ---> b (primary, timeline 2)
TEST_F(SwitchoverCommand, JsonHasTheOutcomeTheChecksAndTheSteps) {
  const HelperResult planned = Switchover("b", a_, {"--format=json", "--dry-run"});
  const HelperResult swapped = Switchover("b", a_, {"--format=json"});

  ASSERT_EQ(planned.exit_code, 0) << planned.output;
  const json plan = json::parse(planned.json());
  EXPECT_EQ(plan["outcome"], "would be done");
  ASSERT_EQ(swapped.exit_code, 0) << swapped.output;
  const json result = json::parse(swapped.json());
  EXPECT_EQ(result["ok"], true);
  EXPECT_EQ(result["outcome"], "done");
  EXPECT_EQ(result["target"], "b");
  EXPECT_EQ(result["former_primary"], "a");
  EXPECT_EQ(result["timeline"], 2);
  EXPECT_EQ(result["nodes"].size(), 2U);
  EXPECT_GT(result["steps"].size(), 0U);
  for (const json& step : result["steps"]) EXPECT_TRUE(step["milliseconds"].is_number()) << step;
}

//   a (primary) <--- b            a (primary) <--- b
TEST_F(SwitchoverCommand, WrongWordsAreUsage) {
  EXPECT_EQ(Switchover("b", a_, {"--timeout=0"}).exit_code, 2);
  EXPECT_EQ(Switchover("B!", a_).exit_code, 2);
  EXPECT_THAT(cluster_.Helper({"switchover"}).output, HasSubstr("TARGET is required"));
  EXPECT_THAT(Switchover("no_such", a_).output, Not(HasSubstr("hands over")));
}

}  // namespace
}  // namespace baton::test
