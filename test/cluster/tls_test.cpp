// Nodes that reach each other by TLS only, with passwords and with certificates.
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Tls : public Scenario {
 protected:
  Tls() {
    MakeAuthority("ca");
    MakeCertificate("server", "/CN=127.0.0.1", "subjectAltName=IP:127.0.0.1");
  }
  ~Tls() override {
    for (const char* const name : {"PGSSLCERT", "PGSSLKEY"}) unsetenv(name);
  }

  std::string File(const std::string& name) const { return cluster_.directory() / name; }

  void MakeAuthority(const std::string& name) const {
    RunOrFail({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout",
               File(name + ".key"), "-out", File(name + ".crt"), "-subj", "/CN=" + name});
  }
  void MakeCertificate(const std::string& name, const std::string& subject,
                       const std::string& extension) const {
    RunOrFail({"/usr/bin/openssl", "req", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", File(name + ".key"), "-out",
               File(name + ".csr"), "-subj", subject, "-addext", extension});
    RunOrFail({"/usr/bin/openssl", "x509", "-req", "-in", File(name + ".csr"), "-CA",
               File("ca.crt"), "-CAkey", File("ca.key"), "-CAcreateserial", "-days", "2",
               "-copy_extensions", "copy", "-out", File(name + ".crt")});
    chmod(File(name + ".key").c_str(), 0600);
  }
  // As libpq takes it from its environment, here and in every server that is started from here.
  void UseClientCertificate() const {
    MakeCertificate("client", "/CN=baton_node", "keyUsage=digitalSignature");
    setenv("PGSSLCERT", File("client.crt").c_str(), 1);
    setenv("PGSSLKEY", File("client.key").c_str(), 1);
  }

  std::string Configuration() const {
    return fmt::format(
        "{}ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\n", kQuick,
        File("server.crt"), File("server.key"), File("ca.crt"));
  }
  std::vector<std::string> VerifiesAll(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"--restart", "--tls=verify-full",
                                          "--tls-root=" + File("ca.crt")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // Every session of the nodes with this one, now.
  static testing::AssertionResult Reached(const Node& node, const std::string& how) {
    return Returns(node,
                   "SELECT DISTINCT s.ssl, s.client_dn FROM pg_stat_activity a"
                   " JOIN pg_stat_ssl s USING (pid) WHERE a.usename = 'baton_node'",
                   how);
  }
  testing::AssertionResult SwitchesOver(const Node& asked, const Node& to) {
    const std::vector<std::string> command = {"switchover",
                                              to.name(),
                                              "-h",
                                              cluster_.directory().string(),
                                              "-p",
                                              std::to_string(asked.port()),
                                              "--passfile=" + cluster_.passfile().string()};
    const HelperResult result = cluster_.Helper(command);
    if (result.exit_code == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << result.output;
  }
  void ExpectVerifies(const Node& standby) const {
    EXPECT_TRUE(Returns(standby, "SELECT status FROM pg_stat_wal_receiver", "streaming"));
    const std::string conninfo = standby.Sql("SHOW primary_conninfo");
    EXPECT_THAT(conninfo, ContainsRegex("sslmode='?verify-full"));
    EXPECT_THAT(conninfo, ContainsRegex("sslrootcert='?" + File("ca.crt")));
  }
  // There, back, and back after a crash.
  void ComeAndGo(Node& a, Node& b, const std::string& how) {
    for (const Node* const node : {&a, &b}) {
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
      EXPECT_TRUE(Reached(*node, how));
    }
    ExpectVerifies(b);
    ASSERT_TRUE(
        Returns(a, "SELECT status FROM baton.switchover_check('b') WHERE status = 'critical'", ""));
    ASSERT_TRUE(SwitchesOver(a, b));
    ExpectVerifies(a);
    EXPECT_TRUE(Reached(b, how));
    b.Kill();
    const std::string promoted = a.Rows("SELECT outcome, reason FROM baton.promote(force => true)");
    ASSERT_THAT(promoted, testing::StartsWith("promoted"));

    const HelperResult rejoined =
        cluster_.RunRejoin(b, a, {"--passfile=" + cluster_.passfile().string()});

    ASSERT_EQ(rejoined.exit_code, 0) << rejoined.output;
    ExpectVerifies(b);
    EXPECT_TRUE(Reached(a, how));
  }
};

//   a (primary) <--- b            all over TLS, and verified
TEST_F(Tls, IsTheOnlyWayBetweenNodesThatAreSetUpSo) {
  Node& a = cluster_.InitPlain("a", Configuration());
  const HelperResult setup = cluster_.SetupPrimary(a, VerifiesAll());
  ASSERT_EQ(setup.exit_code, 0) << setup.output;
  Node& b = cluster_.Clone("b", a);

  ComeAndGo(a, b, "t|");

  EXPECT_THAT(helper::ReadFile(b.data() / "pg_hba.conf"),
              HasSubstr("hostssl replication     baton_node      127.0.0.1/32            "
                        "scram-sha-256\n"));
}

TEST_F(Tls, WithCertificatesNeedsNoPassword) {
  UseClientCertificate();
  Node& a = cluster_.InitPlain("a", Configuration());
  const HelperResult setup = cluster_.SetupPrimary(a, VerifiesAll({"--client-certificates"}));
  ASSERT_EQ(setup.exit_code, 0) << setup.output;
  Node& b = cluster_.Clone("b", a);

  ComeAndGo(a, b, "t|/CN=baton_node");

  EXPECT_FALSE(fs::exists(cluster_.passfile()));
  EXPECT_EQ(a.Sql("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'baton_node'"), "t");
}

TEST_F(Tls, IsKeptWhereSetupRunsAgainWithoutAWordOfIt) {
  Node& a = cluster_.InitPlain("a", Configuration());
  ASSERT_EQ(cluster_.SetupPrimary(a, VerifiesAll()).exit_code, 0);
  const std::string rules = helper::ReadFile(a.data() / "pg_hba.conf");

  const HelperResult again = cluster_.SetupPrimary(a);

  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("nothing to change\n"));
  EXPECT_EQ(helper::ReadFile(a.data() / "pg_hba.conf"), rules);
}

// The registry, which says it later on, is there after the restart only.
TEST_F(Tls, IsRememberedOverTheRestartThatSetupNeeds) {
  Node& a = cluster_.InitPlain("a", Configuration());
  const HelperResult first =
      cluster_.SetupPrimary(a, {"--tls=verify-full", "--tls-root=" + File("ca.crt")});
  ASSERT_EQ(first.exit_code, 0) << first.output;
  a.Restart();

  const HelperResult second = cluster_.SetupPrimary(a);

  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(a.Sql("SELECT conninfo FROM baton.node"), HasSubstr("sslmode=verify-full"));
}

TEST_F(Tls, TakesThePlaceOfLinesThatLetInWithout) {
  Node& a = cluster_.InitPlain("a", Configuration());
  ASSERT_EQ(cluster_.SetupPrimary(a, {"--restart"}).exit_code, 0);

  const HelperResult result = cluster_.SetupPrimary(a, VerifiesAll());

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(helper::ReadFile(a.data() / "pg_hba.conf"),
              Not(HasSubstr("host    replication     baton_node")));
  EXPECT_THAT(a.Sql("SELECT conninfo FROM baton.node"), HasSubstr("sslmode=verify-full"));
}

// What is set up later is known from the registry, which the standby has too.
TEST_F(Tls, ComesIntoAStreamThatIsThereByFollowingAgain) {
  Node& a = cluster_.InitPlain("a", Configuration());
  ASSERT_EQ(cluster_.SetupPrimary(a, {"--restart"}).exit_code, 0);
  Node& b = cluster_.Clone("b", a);
  ASSERT_EQ(cluster_.SetupPrimary(a, VerifiesAll()).exit_code, 0);
  ASSERT_TRUE(
      Returns(b, "SELECT conninfo LIKE '%verify-full%' FROM baton.node WHERE name = 'a'", "t"));
  ASSERT_THAT(b.Sql("SHOW primary_conninfo"), Not(HasSubstr("verify-full")));

  EXPECT_TRUE(Returns(b, "SELECT outcome FROM baton.follow('a')", "done"));

  ExpectVerifies(b);
}

TEST_F(Tls, WithoutACertificateOfItsOwnChangesNothing) {
  Node& a = cluster_.InitPlain("a", Configuration());
  const std::string rules = helper::ReadFile(a.data() / "pg_hba.conf");

  const HelperResult result = cluster_.SetupPrimary(a, VerifiesAll({"--client-certificates"}));

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("error: this user has no certificate to log in by"));
  EXPECT_EQ(helper::ReadFile(a.data() / "pg_hba.conf"), rules);
}

TEST_F(Tls, CanBeSwitchedOff) {
  Node& a = cluster_.InitPlain("a", Configuration());
  ASSERT_EQ(cluster_.SetupPrimary(a, VerifiesAll()).exit_code, 0);
  const HelperResult contradiction = cluster_.SetupPrimary(a, {"--tls=off", "--tls-root=/x"});

  const HelperResult off = cluster_.SetupPrimary(a, {"--tls=off"});
  const HelperResult again = cluster_.SetupPrimary(a);

  EXPECT_EQ(contradiction.exit_code, 2) << contradiction.output;
  ASSERT_EQ(off.exit_code, 0) << off.output;
  EXPECT_THAT(a.Sql("SELECT conninfo FROM baton.node"), Not(HasSubstr("ssl")));
  const std::string rules = helper::ReadFile(a.data() / "pg_hba.conf");
  EXPECT_THAT(rules, HasSubstr("host    replication     baton_node"));
  EXPECT_THAT(rules, Not(HasSubstr("hostssl replication")));
  EXPECT_THAT(again.output, HasSubstr("nothing to change\n"));
}

TEST_F(Tls, ANewNodeNeedsACertificateOfItsOwn) {
  Node& a = cluster_.InitPlain("a", Configuration());
  ASSERT_EQ(cluster_.SetupPrimary(a, VerifiesAll()).exit_code, 0);
  Node& b = cluster_.Plan("b");

  const HelperResult without = cluster_.RunClone(b, a, {"--dry-run", "--set", "ssl=off"});
  const HelperResult missing =
      cluster_.RunClone(b, a, {"--dry-run", "--set", "ssl_cert_file=/no/such/file"});
  const HelperResult good = cluster_.RunClone(b, a, {"--dry-run"});

  EXPECT_EQ(without.exit_code, 0) << without.output;
  EXPECT_THAT(without.output, ContainsRegex("tls +\\| warning \\| the new server has no TLS"));
  EXPECT_EQ(missing.exit_code, 3) << missing.output;
  EXPECT_THAT(missing.output, HasSubstr("error: \"/no/such/file\" is not on this host"));
  EXPECT_EQ(good.exit_code, 0) << good.output;
  EXPECT_THAT(good.output, ContainsRegex("tls +\\| ok"));
}

// Nothing is changed for it.
TEST_F(Tls, IsTriedBeforeAnythingIsChanged) {
  Node& a = cluster_.InitPlain("a", Configuration());
  MakeAuthority("other");
  const std::string rules = helper::ReadFile(a.data() / "pg_hba.conf");

  const HelperResult wrong =
      cluster_.SetupPrimary(a, {"--tls=verify-ca", "--tls-root=" + File("other.crt")});
  const HelperResult missing =
      cluster_.SetupPrimary(a, {"--tls=verify-ca", "--tls-root=/no/such/file"});
  a.Sql("ALTER SYSTEM SET ssl = off");
  a.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(a, "SHOW ssl", "off"));
  const HelperResult off = cluster_.SetupPrimary(a, {"--tls=require"});

  EXPECT_EQ(wrong.exit_code, 3) << wrong.output;
  EXPECT_THAT(wrong.output, HasSubstr("certificate verify failed"));
  EXPECT_EQ(missing.exit_code, 3) << missing.output;
  EXPECT_THAT(missing.output, HasSubstr("root certificate file \"/no/such/file\" does not exist"));
  EXPECT_EQ(off.exit_code, 3) << off.output;
  EXPECT_THAT(off.output, HasSubstr("this server has no TLS"));
  EXPECT_EQ(helper::ReadFile(a.data() / "pg_hba.conf"), rules);
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_node'"), "0");
}

}  // namespace
}  // namespace baton::test
