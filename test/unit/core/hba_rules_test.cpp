#include "core/hba_rules.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

HbaRule Rule(int line, const std::string& type, const std::string& database,
             const std::string& user, const std::string& address, const std::string& netmask,
             const std::string& method) {
  return {"", line, type, {database}, {user}, address, netmask, method, {}};
}

HbaQuestion From(const std::string& address) {
  HbaQuestion question;
  question.address = address;
  question.database = "postgres";
  question.user = "baton_node";
  question.groups = {"baton_node", "pg_monitor"};
  return question;
}

HbaQuestion ReplicationFrom(const std::string& address) {
  HbaQuestion question = From(address);
  question.is_replication = true;
  return question;
}

int LineFor(const std::vector<HbaRule>& rules, const HbaQuestion& question) {
  const auto rule = FirstHbaRule(rules, question);
  return rule ? rule->line : 0;
}

TEST(FirstHbaRule, TakesTheFirstThatFits) {
  const std::vector<HbaRule> rules = {
      Rule(1, "local", "all", "all", "", "", "peer"),
      Rule(2, "host", "all", "all", "10.0.0.0", "255.0.0.0", "reject"),
      Rule(3, "host", "all", "all", "10.0.0.2", "255.255.255.255", "scram-sha-256")};

  EXPECT_EQ(LineFor(rules, From("10.0.0.2")), 2);
  EXPECT_EQ(LineFor(rules, From("11.0.0.2")), 0);
  EXPECT_EQ(LineFor(rules, From("::1")), 0);
}

TEST(FirstHbaRule, DoesNotTakeAllForReplication) {
  const std::vector<HbaRule> rules = {
      Rule(1, "host", "all", "all", "all", "", "md5"),
      Rule(2, "host", "replication", "all", "all", "", "scram-sha-256")};

  EXPECT_EQ(LineFor(rules, From("10.0.0.2")), 1);
  EXPECT_EQ(LineFor(rules, ReplicationFrom("10.0.0.2")), 2);
}

TEST(FirstHbaRule, TellsEncryptedFromPlain) {
  const std::vector<HbaRule> rules = {Rule(1, "hostssl", "all", "all", "all", "", "md5"),
                                      Rule(2, "hostnossl", "all", "all", "all", "", "reject")};
  HbaQuestion encrypted = From("10.0.0.2");
  encrypted.tls = true;

  EXPECT_EQ(LineFor(rules, encrypted), 1);
  EXPECT_EQ(LineFor(rules, From("10.0.0.2")), 2);
}

TEST(FirstHbaRule, KnowsUsersGroupsAndDatabases) {
  const auto line = [](const std::string& database, const std::string& user) {
    return LineFor({Rule(1, "host", database, user, "all", "", "md5")}, From("10.0.0.2"));
  };

  EXPECT_EQ(line("postgres", "baton_node"), 1);
  EXPECT_EQ(line("all", "+pg_monitor"), 1);
  EXPECT_EQ(line("all", "+other"), 0);
  EXPECT_EQ(line("all", "other"), 0);
  EXPECT_EQ(line("other", "all"), 0);
  EXPECT_EQ(line("sameuser", "all"), 0);
}

TEST(FirstHbaRule, KnowsOwnHostAndNames) {
  const std::vector<HbaRule> rules = {Rule(1, "host", "all", "all", "samehost", "", "md5"),
                                      Rule(2, "host", "all", "all", "db2", "", "md5")};
  HbaQuestion own = From("10.0.0.1");
  own.is_own_host = true;

  EXPECT_EQ(LineFor(rules, own), 1);
  EXPECT_EQ(LineFor(rules, From("db2")), 2);
  EXPECT_EQ(LineFor(rules, From("10.0.0.1")), 0);
}

TEST(FirstHbaRule, MatchesNetworksOfBothFamilies) {
  const std::vector<HbaRule> rules = {Rule(1, "host", "all", "all", "fd00::", "ffff::", "md5")};

  EXPECT_EQ(LineFor(rules, From("fd00::7")), 1);
  EXPECT_EQ(LineFor(rules, From("fd01::7")), 0);
}

TEST(LetsNodesIn, IsAboutPasswordsAndCertificates) {
  for (const char* const method : {"trust", "scram-sha-256", "md5", "password", "cert"}) {
    EXPECT_TRUE(LetsNodesIn(Rule(1, "host", "all", "all", "all", "", method))) << method;
  }
  for (const char* const method : {"reject", "ident", "peer", "ldap", "gss"}) {
    EXPECT_FALSE(LetsNodesIn(Rule(1, "host", "all", "all", "all", "", method))) << method;
  }
}

TEST(HbaRuleText, IsTheLineAndItsPlace) {
  EXPECT_EQ(HbaRuleText(Rule(7, "host", "all", "all", "10.0.0.0", "255.0.0.0", "reject")),
            "line 7 of pg_hba.conf (host all all 10.0.0.0/8 reject)");
  HbaRule odd = Rule(7, "hostssl", "all", "all", "10.0.0.1", "255.0.0.255", "cert");
  odd.file = "/etc/more.conf";
  odd.options = {"map=nodes"};
  EXPECT_EQ(HbaRuleText(odd),
            "line 7 of \"/etc/more.conf\" (hostssl all all 10.0.0.1 255.0.0.255 cert map=nodes)");
}

}  // namespace
}  // namespace baton::core
