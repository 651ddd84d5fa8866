// setup-primary on real servers.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SetupPrimary : public testing::Test {
 protected:
  Cluster cluster_;
};

std::string Hba(const Node& node) { return helper::ReadFile(node.data() / "pg_hba.conf"); }

TEST_F(SetupPrimary, MakesAnOrdinaryServerReady) {
  Node& a = cluster_.InitPlain("a");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", "--allow=10.1.2.3"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a.Rows("SELECT rolcanlogin, rolreplication, rolsuper, rolconnlimit FROM pg_roles WHERE "
                   "rolname = 'baton_node'"),
            "t|t|f|300");
  EXPECT_EQ(a.Rows("SELECT pg_has_role('baton_node', r, 'MEMBER') FROM unnest(ARRAY['pg_monitor', "
                   "'pg_checkpoint', 'baton_operator']) r"),
            "t\nt\nt");
  EXPECT_EQ(a.Sql("SHOW wal_log_hints"), a.Sql("SHOW data_checksums") == "on" ? "off" : "on");
  EXPECT_EQ(a.Sql("SHOW shared_preload_libraries"), "pg_baton");
  EXPECT_EQ(a.Sql("SHOW pg_baton.node_name"), "a");
  EXPECT_EQ(a.Sql("SHOW archive_mode"), "off");
  EXPECT_EQ(a.Sql("SELECT name FROM baton.node"), "a");
  EXPECT_THAT(Hba(a), HasSubstr("host    replication     baton_node      10.1.2.3/32"));
  EXPECT_THAT(Hba(a), HasSubstr("host    postgres        baton_node      10.1.2.3/32"));
}

TEST_F(SetupPrimary, ASecondRunChangesNothing) {
  Node& a = cluster_.InitPrimary("a");
  const std::string hba = Hba(a);
  const std::string settings = helper::ReadFile(a.data() / "postgresql.auto.conf");
  const std::string started = a.Sql("SELECT pg_postmaster_start_time()");
  const std::string verifier =
      a.Sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'baton_node'");

  const HelperResult again = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.output, HasSubstr("nothing to change"));
  EXPECT_EQ(Hba(a), hba);
  EXPECT_EQ(helper::ReadFile(a.data() / "postgresql.auto.conf"), settings);
  EXPECT_EQ(a.Sql("SELECT pg_postmaster_start_time()"), started);
  EXPECT_EQ(a.Sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'baton_node'"), verifier);
}

TEST_F(SetupPrimary, ADryRunSaysWhatItWouldDoAndDoesNothing) {
  Node& a = cluster_.InitPlain("a");
  const std::string hba = Hba(a);
  const std::string settings = helper::ReadFile(a.data() / "postgresql.auto.conf");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", "--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("would create role baton_node"));
  EXPECT_THAT(result.output, HasSubstr("would set shared_preload_libraries = 'pg_baton' (was '')"));
  EXPECT_THAT(result.output, HasSubstr("dry run: nothing was changed"));
  EXPECT_EQ(Hba(a), hba);
  EXPECT_EQ(helper::ReadFile(a.data() / "postgresql.auto.conf"), settings);
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_node'"), "0");
  EXPECT_FALSE(fs::exists(cluster_.passfile()));
}

TEST_F(SetupPrimary, WithoutLeaveToRestartItSaysSoAndTheNextRunCompletes) {
  Node& a = cluster_.InitPlain("a");

  const HelperResult first = cluster_.SetupPrimary(a);
  a.Restart();
  const HelperResult second = cluster_.SetupPrimary(a);

  EXPECT_EQ(first.exit_code, 0);
  EXPECT_THAT(first.output, HasSubstr("a restart is needed"));
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(second.output, HasSubstr("create extension pg_baton"));
  EXPECT_EQ(a.Sql("SELECT name FROM baton.node"), "a");
}

TEST_F(SetupPrimary, KeepsOtherLibrariesAndPgHbaLinesAndTheirOrder) {
  Node& a =
      cluster_.InitPlain("a", "shared_preload_libraries = 'auto_explain, pg_stat_statements'\n");
  const std::string before = Hba(a);

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a.Sql("SHOW shared_preload_libraries"), "auto_explain, pg_stat_statements, pg_baton");
  const std::string after = Hba(a);
  const std::string rules = before.substr(before.find("\nlocal"));
  EXPECT_THAT(after, HasSubstr(rules));
  EXPECT_LT(after.find("baton_node"), after.find("\nlocal"));
  EXPECT_EQ(helper::ReadFile(a.data() / "pg_hba.conf.before_pg_baton"), before);
}

TEST_F(SetupPrimary, LeavesThePasswordInThePasswordFileAlone) {
  Node& a = cluster_.InitPlain("a", "log_statement = all\nlog_connections = on\n");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", "-v"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::string line = helper::ReadFile(cluster_.passfile());
  const std::string password = line.substr(line.rfind(':') + 1, 48);
  ASSERT_EQ(password.size(), 48U);
  EXPECT_EQ(fs::status(cluster_.passfile()).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_THAT(a.Log(), Not(HasSubstr(password)));
  EXPECT_THAT(result.output, Not(HasSubstr(password)));
  EXPECT_THAT(helper::ReadFile(a.data() / "postgresql.auto.conf"), Not(HasSubstr(password)));
  EXPECT_THAT(a.Sql("SELECT conninfo FROM baton.node"), Not(HasSubstr(password)));
}

TEST_F(SetupPrimary, AdaptsARoleThatIsThereAlready) {
  Node& a = cluster_.InitPlain("a");
  a.Sql("CREATE ROLE baton_node NOLOGIN");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a.Rows("SELECT rolcanlogin, rolreplication FROM pg_roles WHERE rolname = 'baton_node'"),
            "t|t");
}

TEST_F(SetupPrimary, RefusesAStandbyAndARoleThatIsNoSuperuser) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  a.Sql("CREATE ROLE plain LOGIN");

  const HelperResult standby = cluster_.SetupPrimary(b);
  const HelperResult plain = cluster_.SetupPrimary(a, {"-U", "plain"});

  EXPECT_EQ(standby.exit_code, 3);
  EXPECT_THAT(standby.output, HasSubstr("pg_baton: error: this server is a standby\n"
                                        "pg_baton: detail: A primary is set up.\n"
                                        "pg_baton: hint: Connect to the primary.\n"));
  EXPECT_EQ(plain.exit_code, 3);
  EXPECT_THAT(plain.output, HasSubstr("pg_baton: error: role \"plain\" is not a superuser\n"));
}

TEST_F(SetupPrimary, RefusesAnotherNameForANodeThatOthersKnow) {
  Node& a = cluster_.InitPrimary("a");
  cluster_.Clone("b", a);

  const HelperResult result = cluster_.SetupPrimary(a, {"--node-name=zz"});

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("error: this server is node \"a\" already\n"));
  EXPECT_THAT(result.output, HasSubstr("detail: Other nodes know it by that name: b."));
  EXPECT_EQ(a.Sql("SHOW pg_baton.node_name"), "a");
  EXPECT_EQ(a.Sql("SELECT string_agg(name, ',' ORDER BY name) FROM baton.node"), "a,b");
}

TEST_F(SetupPrimary, EntersNoAddressThatWasTriedInVain) {
  Node& a = cluster_.InitPrimary("a", "listen_addresses = '*'\n");
  const std::string before = a.Sql("SELECT conninfo FROM baton.node");

  const HelperResult result = cluster_.SetupPrimary(a, {"--advertise=192.0.2.1"});

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_EQ(a.Sql("SELECT conninfo FROM baton.node"), before);
}

TEST_F(SetupPrimary, RefusesGarbageAndChangesNothing) {
  Node& a = cluster_.InitPlain("a");
  const std::string hba = Hba(a);

  const HelperResult name = cluster_.SetupPrimary(a, {"--node-name=Not A Name"});
  const HelperResult address = cluster_.SetupPrimary(a, {"--allow=10.0.0.1/99"});
  const HelperResult option = cluster_.SetupPrimary(a, {"--no-such-option"});
  const HelperResult missing = cluster_.Helper({"setup-primary"});

  EXPECT_EQ(name.exit_code, 2);
  EXPECT_EQ(address.exit_code, 2);
  EXPECT_THAT(address.output, HasSubstr("invalid address \"10.0.0.1/99\""));
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.output, HasSubstr("Try \"pg_baton setup-primary --help\""));
  EXPECT_EQ(Hba(a), hba);
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_node'"), "0");
}

TEST_F(SetupPrimary, PrintsItsResultAsJson) {
  Node& a = cluster_.InitPlain("a");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart", "--format=json"});

  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["node_name"], "a");
  EXPECT_GT(json["changes"].size(), 5U);
}

}  // namespace
}  // namespace baton::test
