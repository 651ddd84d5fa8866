#include "core/connection_trial.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TrialFacts Failed(const std::string& said) {
  TrialFacts facts;
  facts.role = "baton_node";
  facts.address = "10.0.0.1";
  facts.port = "5432";
  facts.said = said;
  facts.listens = true;
  facts.listen_addresses = "*";
  facts.passfile = "/home/.pgpass";
  facts.has_password = true;
  facts.verifier = VerifierKind::kScram;
  return facts;
}

HbaRule Rule(const std::string& method) {
  return {"", 9, "host", {"all"}, {"all"}, "10.0.0.0", "255.0.0.0", method, {}};
}

TrialFacts Reached(const std::string& method) {
  TrialFacts facts = Failed("said.");
  facts.reached = true;
  facts.rule = Rule(method);
  return facts;
}

TEST(ExplainTrial, NamesAServerThatDoesNotListenThere) {
  TrialFacts facts = Failed("Connection refused");
  facts.listens = false;
  facts.listen_addresses = "localhost";

  EXPECT_EQ(ExplainTrial(facts),
            (Problem{"the server does not listen on 10.0.0.1",
                     "listen_addresses is \"localhost\".  Connection refused",
                     "Set listen_addresses so that it has the address, or '*', and restart the "
                     "server."}));
}

TEST(ExplainTrial, TellsARefusalFromSilence) {
  EXPECT_EQ(ExplainTrial(Failed("Connection refused")),
            (Problem{"nothing takes connections at 10.0.0.1 port 5432",
                     "Connection refused  listen_addresses is \"*\".",
                     "See that the address is this host's, and that no firewall rejects the "
                     "port."}));
  EXPECT_EQ(ExplainTrial(Failed("timeout expired")),
            (Problem{"no answer from 10.0.0.1 port 5432", "timeout expired",
                     "See that the address is this host's, and that a firewall lets this port "
                     "through."}));
}

TEST(ExplainTrial, TellsWhatTlsHasAgainstIt) {
  const auto hint_of = [](const std::string& said) {
    const Problem problem = ExplainTrial(Failed(said));
    EXPECT_EQ(problem.message, "TLS to 10.0.0.1 port 5432 does not come about");
    EXPECT_EQ(problem.detail, said);
    return problem.hint;
  };

  EXPECT_EQ(hint_of("root certificate file \"/x\" does not exist"),
            "Put the certificate of the authority there, on every host, or name its place with "
            "--tls-root.");
  EXPECT_EQ(hint_of("SSL error: certificate verify failed"),
            "The server's certificate has to be signed by the authority whose certificate the "
            "nodes have.");
  EXPECT_EQ(hint_of("server certificate for \"db1\" does not match host name \"10.0.0.1\""),
            "The certificate has to name the address that is given by --advertise; or use "
            "--tls=verify-ca.");
  EXPECT_EQ(hint_of("server does not support SSL, but SSL was required"),
            "Give the server a certificate, set ssl = on, and reload.");
  EXPECT_EQ(hint_of("FATAL:  connection requires a valid client certificate"),
            "The server's user needs a certificate with common name baton_node in "
            "~/.postgresql/postgresql.crt, and its key in postgresql.key, mode 0600.");
  EXPECT_EQ(hint_of("SSL error: tlsv1 alert"), "See the log of the server.");
}

TEST(ExplainTls, HasNothingAgainstAPasswordThatIsWrong) {
  EXPECT_EQ(ExplainTls(Failed("password authentication failed for user \"baton_node\"")),
            std::nullopt);
}

TEST(ExplainTrial, NamesANameThatLeadsNowhere) {
  TrialFacts facts = Failed("could not translate host name \"db1\" to address");
  facts.address = "db1";

  EXPECT_EQ(ExplainTrial(facts).message, "\"db1\" is no name that this host knows");
}

TEST(ExplainTrial, NamesTheLineThatDecides) {
  EXPECT_EQ(ExplainTrial(Reached("reject")),
            (Problem{"pg_hba.conf rejects the connection as baton_node to 10.0.0.1 port 5432",
                     "line 9 of pg_hba.conf (host all all 10.0.0.0/8 reject) decides.  said.",
                     "Move that line below those for the nodes, or narrow it."}));
  TrialFacts facts = Reached("ident");
  facts.is_replication = true;
  EXPECT_EQ(ExplainTrial(facts).message,
            "pg_hba.conf wants method ident of the replication connection as baton_node to "
            "10.0.0.1 port 5432");
}

TEST(ExplainTrial, SaysThatNoLineFits) {
  TrialFacts facts = Reached("");
  facts.rule.reset();

  EXPECT_EQ(ExplainTrial(facts).message,
            "no line of pg_hba.conf fits the connection as baton_node to 10.0.0.1 port 5432");
}

TEST(ExplainTrial, SaysThatTlsIsRequired) {
  TrialFacts facts = Reached("");
  facts.rule.reset();
  facts.rule_for_tls = Rule("scram-sha-256");
  facts.rule_for_tls->type = "hostssl";

  EXPECT_EQ(
      ExplainTrial(facts),
      (Problem{"pg_hba.conf allows the connection as baton_node to 10.0.0.1 port 5432 with TLS "
               "only",
               "line 9 of pg_hba.conf (hostssl all all 10.0.0.0/8 scram-sha-256) is the one that "
               "would fit.  said.",
               "Set ssl = on, with a certificate."}));
  facts.server_has_tls = true;
  EXPECT_EQ(ExplainTrial(facts).hint, "Do not set sslmode to disable.");
}

TEST(ExplainTrial, TellsWhatIsWrongWithThePassword) {
  TrialFacts facts = Reached("scram-sha-256");
  facts.fits = false;
  EXPECT_EQ(ExplainTrial(facts).message,
            "the password in \"/home/.pgpass\" is not that of role baton_node");

  facts.has_password = false;
  EXPECT_EQ(ExplainTrial(facts).message, "\"/home/.pgpass\" has no password of role baton_node");

  facts.verifier = VerifierKind::kMd5;
  EXPECT_EQ(ExplainTrial(facts).message,
            "the password of role baton_node is stored as MD5, and SCRAM is asked for");

  facts.verifier = VerifierKind::kNone;
  EXPECT_EQ(ExplainTrial(facts).message, "role baton_node has no password");
}

TEST(ExplainTrial, SaysWhenTheRoleMayNotLogIn) {
  TrialFacts facts = Reached("trust");
  facts.can_login = false;

  EXPECT_EQ(ExplainTrial(facts).message, "role baton_node may not log in");
}

TEST(ExplainTrial, ClaimsNothingWhereTheCauseIsNotKnown) {
  EXPECT_EQ(ExplainTrial(Reached("trust")),
            (Problem{"the connection as baton_node to 10.0.0.1 port 5432 does not work",
                     "said.  line 9 of pg_hba.conf (host all all 10.0.0.0/8 trust) decides.",
                     "See the log of the server."}));
}

}  // namespace
}  // namespace baton::core
