// setup-primary and a role baton_node that is there already: other nodes may use it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/config/passfile.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SetupRole : public testing::Test {
 protected:
  static std::string Verifier(const Node& node) {
    return node.Sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'baton_node'");
  }
  std::string Stored() const {
    return helper::LookUpPassword(helper::ReadFileIfThere(cluster_.passfile()).value_or(""),
                                  {"127.0.0.1", "1", "postgres", "baton_node"})
        .value_or("");
  }

  Cluster cluster_;
};

TEST_F(SetupRole, LeavesAPasswordThatItDoesNotKnow) {
  Node& a = cluster_.InitPlain("a");
  a.Sql("CREATE ROLE baton_node PASSWORD 'of others'");
  const std::string verifier = Verifier(a);

  const HelperResult unknown = cluster_.SetupPrimary(a, {"--restart"});
  helper::StorePassword(cluster_.passfile(), "baton_node", "another");
  const HelperResult wrong = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.output,
              HasSubstr("error: the password of role \"baton_node\" is not known here\n"));
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_THAT(wrong.output,
              HasSubstr(fmt::format("error: the password in \"{}\" is not that of role "
                                    "\"baton_node\"\n",
                                    cluster_.passfile().string())));
  EXPECT_EQ(Verifier(a), verifier);
  EXPECT_EQ(Stored(), "another");
  EXPECT_EQ(a.Rows("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'baton_node'"), "f");
}

TEST_F(SetupRole, AdaptsARoleWhosePasswordItKnows) {
  Node& a = cluster_.InitPlain("a");
  a.Sql("CREATE ROLE baton_node PASSWORD 'of others' CONNECTION LIMIT 1 VALID UNTIL '2020-01-01'");
  const std::string verifier = Verifier(a);
  helper::StorePassword(cluster_.passfile(), "baton_node", "of others");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("alter role baton_node (LOGIN REPLICATION CONNECTION LIMIT "
                                       "300 VALID UNTIL 'infinity')\n"));
  EXPECT_EQ(Verifier(a), verifier);
  EXPECT_EQ(Stored(), "of others");
  EXPECT_EQ(a.Rows("SELECT rolcanlogin, rolreplication, rolconnlimit, rolvaliduntil FROM pg_roles "
                   "WHERE rolname = 'baton_node'"),
            "t|t|300|infinity");
}

TEST_F(SetupRole, StoresAnMd5PasswordAsScram) {
  Node& a = cluster_.InitPlain("a", "password_encryption = md5\n");
  a.Sql("CREATE ROLE baton_node LOGIN PASSWORD 'of others'");
  helper::StorePassword(cluster_.passfile(), "baton_node", "of others");

  const HelperResult result = cluster_.SetupPrimary(a, {"--restart"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("alter role baton_node (password: the same one, as SCRAM "
                                       "instead of MD5)\n"));
  EXPECT_THAT(Verifier(a), HasSubstr("SCRAM-SHA-256$"));
  EXPECT_EQ(Stored(), "of others");
}

TEST_F(SetupRole, SetsANewPasswordWhereItIsAskedFor) {
  Node& a = cluster_.InitPrimary("a");
  const std::string verifier = Verifier(a);
  const std::string stored = Stored();

  const HelperResult result = cluster_.SetupPrimary(a, {"--new-password"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_NE(Verifier(a), verifier);
  EXPECT_NE(Stored(), stored);
  EXPECT_EQ(Stored().size(), 48U);
  EXPECT_THAT(result.output, HasSubstr("every other node needs the new password"));
  EXPECT_THAT(result.output, HasSubstr("connections as baton_node to 127.0.0.1"));
  EXPECT_THAT(result.output, Not(HasSubstr(Stored())));
  EXPECT_EQ(fs::status(cluster_.passfile()).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

}  // namespace
}  // namespace baton::test
