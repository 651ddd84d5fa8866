// The table of rights in doc/security.md: each command with just the right that it says, and
// without that right.
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

//   a (primary) <--- b
class CommandAccess : public Scenario {
 protected:
  CommandAccess() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    a_.Sql("CREATE ROLE plain LOGIN");
    a_.Sql("CREATE ROLE monitor LOGIN IN ROLE pg_monitor");
    a_.Sql("CREATE ROLE operator LOGIN IN ROLE baton_operator");
    WaitForReplay(a_, b_);
    for (const Node* const node : {&a_, &b_}) {
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
    }
  }

  HelperResult As(const std::string& role, const Node& node, std::vector<std::string> command) {
    command.insert(command.end(), {"-w", "-h", "127.0.0.1", "-p", std::to_string(node.port()), "-U",
                                   role, "--passfile=" + cluster_.passfile().string()});
    return cluster_.Helper(command);
  }
  testing::AssertionResult IsAllowed(const std::string& role, const Node& node,
                                     const std::vector<std::string>& command) {
    const HelperResult result = As(role, node, command);
    if (result.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << role << ": " << result.output;
  }
  testing::AssertionResult IsDenied(const std::string& role, const Node& node,
                                    const std::vector<std::string>& command) {
    const HelperResult result = As(role, node, command);
    const bool is_denied =
        result.exit_code != 0 && result.output.find("permission denied for ") != std::string::npos;
    if (is_denied) return testing::AssertionSuccess() << result.output;
    return testing::AssertionFailure() << role << ": " << result.exit_code << result.output;
  }

  Node& a_;
  Node& b_;
};

TEST_F(CommandAccess, WhatReadsNeedsAMemberOfPgMonitor) {
  const std::vector<std::vector<std::string>> commands = {
      {"status"}, {"check", "--only=write_gate"}, {"metrics"}};
  for (const std::vector<std::string>& command : commands) {
    EXPECT_TRUE(IsAllowed("monitor", a_, command)) << command.front();
    EXPECT_TRUE(IsAllowed("monitor", b_, command)) << command.front();
    EXPECT_TRUE(IsDenied("plain", a_, command)) << command.front();
  }
}

TEST_F(CommandAccess, WhatAsksTheServerToActNeedsAMemberOfBatonOperator) {
  const std::vector<std::string> verify = {"verify"};
  const std::vector<std::string> round_trip = {"archive-check", "--round-trip"};
  const std::vector<std::string> follow = {"follow", "a"};
  const std::vector<std::string> switchover = {"switchover", "b"};
  const std::vector<std::string> promote = {"promote", "--force"};
  for (const char* const role : {"plain", "monitor"}) {
    EXPECT_TRUE(IsDenied(role, a_, verify));
    EXPECT_TRUE(IsDenied(role, a_, round_trip));
    EXPECT_TRUE(IsDenied(role, b_, follow));
    EXPECT_TRUE(IsDenied(role, a_, switchover));
    EXPECT_TRUE(IsDenied(role, b_, promote));
  }
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.requests"), "0");

  EXPECT_TRUE(IsAllowed("operator", a_, verify));
  EXPECT_TRUE(IsAllowed("operator", b_, follow));
  EXPECT_TRUE(IsAllowed("operator", a_, switchover));
  EXPECT_TRUE(Returns(b_, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
  EXPECT_TRUE(IsAllowed("operator", a_, promote));
}

TEST_F(CommandAccess, OnlyWhatPrunesAnArchiveHasToSeeWhatStandbysNeed) {
  const fs::path archive = cluster_.directory() / "archive";
  fs::create_directory(archive);
  const std::string directory = "--archive-directory=" + archive.string();
  ASSERT_EQ(cluster_.SetupPrimary(a_, {"--restart", directory}).exit_code, 0);
  FillSegments(a_, 2);
  const std::string newest = a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  ASSERT_TRUE(Returns(a_, "SELECT archived_count >= 2 FROM pg_stat_archiver", "t"));

  const std::vector<std::string> check = {"archive-check", "--quick", directory};
  const std::vector<std::string> prune = {"archive-prune", "--dry-run", directory,
                                          "--keep-from=" + newest};
  EXPECT_TRUE(IsAllowed("plain", a_, check));
  EXPECT_TRUE(IsAllowed("monitor", a_, prune));
  EXPECT_TRUE(IsDenied("plain", a_, prune));
}

// What clone, rejoin and prestart connect as.
TEST_F(CommandAccess, TheNodesReachEachOtherWithoutASuperuser) {
  EXPECT_EQ(a_.Rows("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
                    " FROM pg_roles WHERE rolname = 'baton_node'"),
            "f|f|f|t|f");
  EXPECT_EQ(a_.Rows("SELECT string_agg(r.rolname, ' ' ORDER BY r.rolname) FROM pg_auth_members m"
                    " JOIN pg_roles r ON r.oid = m.roleid"
                    " WHERE m.member = 'baton_node'::regrole"),
            "baton_operator pg_checkpoint pg_monitor");
}

TEST_F(CommandAccess, SetupPrimaryNeedsASuperuser) {
  const HelperResult result = cluster_.SetupPrimary(a_, {"-U", "operator", "-w"});

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("role \"operator\" is not a superuser"));
}

}  // namespace
}  // namespace baton::test
