// Who may read what: all that the schema has is asked for, so nothing new is forgotten.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sstream>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Access : public Scenario {
 protected:
  Access() : a_(cluster_.InitPrimary("a", kQuick)) {
    a_.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
    a_.Sql("CREATE ROLE plain LOGIN");
  }

  std::vector<std::string> Lines(const std::string& statement) {
    std::vector<std::string> lines;
    std::istringstream text(a_.Sql(statement));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    EXPECT_FALSE(lines.empty()) << statement;
    return lines;
  }
  std::vector<std::string> Relations() {
    return Lines(
        "SELECT relname FROM pg_class WHERE relnamespace = 'baton'::regnamespace"
        " AND relkind IN ('r', 'v') ORDER BY 1");
  }
  std::string ErrorAs(const std::string& role, const std::string& statement) {
    try {
      a_.Connect("postgres", role).Query(statement);
    } catch (const core::Error& error) {
      return error.message();
    }
    return "";
  }

  Node& a_;
};

TEST_F(Access, AMonitoringRoleReadsEveryViewAndActsOnNothing) {
  for (const std::string& relation : Relations()) {
    EXPECT_EQ(ErrorAs("reader", "SELECT * FROM baton." + relation), "") << relation;
  }
  EXPECT_THAT(a_.Connect("postgres", "reader").Value("SELECT baton.metrics()"),
              HasSubstr("pg_baton_"));

  EXPECT_EQ(a_.Rows("SELECT DISTINCT proname FROM pg_proc"
                    " WHERE pronamespace = 'baton'::regnamespace"
                    "  AND NOT has_function_privilege('reader', oid, 'EXECUTE') ORDER BY 1"),
            "archive_round_trip\ndemote\nfence\nfollow\nhand_over\npromote\nregister_"
            "node\nswitchover\nunfence\n"
            "unregister_node\nverify_replication\nyield");
  EXPECT_THAT(ErrorAs("reader", "SELECT * FROM baton.promote()"),
              StartsWith("permission denied for function promote"));
  for (const std::string& relation : Relations()) {
    EXPECT_NE(ErrorAs("reader", "DELETE FROM baton." + relation), "") << relation;
  }
}

// Not even where it has been let into the schema.
TEST_F(Access, APlainRoleReadsNothing) {
  for (const std::string& relation : Relations()) {
    EXPECT_EQ(ErrorAs("plain", "SELECT * FROM baton." + relation),
              "permission denied for schema baton");
  }
  a_.Sql("GRANT USAGE ON SCHEMA baton TO plain");
  for (const std::string& relation : Relations()) {
    EXPECT_THAT(ErrorAs("plain", "SELECT * FROM baton." + relation),
                StartsWith("permission denied for "));
  }
  EXPECT_EQ(ErrorAs("plain", "SELECT baton.metrics()"), "permission denied for function metrics");
  EXPECT_EQ(a_.Rows("SELECT proname FROM pg_proc WHERE pronamespace = 'baton'::regnamespace"
                    " AND has_function_privilege('plain', oid, 'EXECUTE')"),
            "");
}

}  // namespace
}  // namespace baton::test
