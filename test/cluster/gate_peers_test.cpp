// The write gate of a node among others: quarantine after a start, another primary, isolation.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/proxy.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGate = "SELECT gate, gate_reasons FROM baton.node_status";

class GatePeers : public Scenario {
 protected:
  GatePeers()
      : a_(cluster_.InitPrimary("a", kQuick + "pg_baton.quarantine_timeout = 5s\n")),
        b_(cluster_.Clone("b", a_)) {
    a_.Sql("CREATE ROLE app LOGIN");
    a_.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
    a_.Sql("CREATE TABLE t (n int)");
    a_.Sql("GRANT ALL ON t TO app");
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
    EXPECT_TRUE(Becomes(b_, "upstream", "ok"));
    WaitForReplay(a_, b_);
  }

  static std::string StateOf(const Node& node, const std::string& statement,
                             const std::string& user = "") {
    try {
      node.Connect("postgres", user).Query(statement);
      return "";
    } catch (const helper::SqlError& error) {
      return error.sqlstate();
    } catch (const core::Error& error) {
      return error.detail();
    }
  }

  // As an application does it: all nodes in one string, the first that may be written to.
  std::string MultiHost(const std::string& user, const std::string& statement) {
    helper::Parameters parameters = {
        {"host", cluster_.directory().string() + "," + cluster_.directory().string()},
        {"port", fmt::format("{},{}", a_.port(), b_.port())},
        {"dbname", "postgres"},
        {"user", user},
        {"target_session_attrs", "read-write"}};
    return helper::Connection(parameters).Value(statement);
  }

  Node& a_;
  Node& b_;
};

//   a (primary, restarted) <--- b
TEST_F(GatePeers, APrimaryWhosePeerAnswersWritesWithoutAnErrorFromTheFirstMomentOn) {
  a_.Restart();

  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "") << "it waits for the answer";
  EXPECT_EQ(a_.Rows(kGate), "open|{}");
  EXPECT_THAT(a_.Log(), HasSubstr("The peers have answered, and none is a newer primary."));
  EXPECT_TRUE(Becomes(a_, "write_gate", "ok"));
}

//   a (primary, restarted)     b (down)
TEST_F(GatePeers, APrimaryWithoutAnAnswerOpensLateAndSaysSo) {
  b_.Stop();
  a_.Restart();

  ASSERT_EQ(a_.Rows("SELECT gate_reasons FROM baton.node_status"), "{quarantine}");
  EXPECT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  EXPECT_EQ(StateOf(a_, "SELECT FROM t", "app"), "") << "reading is nobody's harm";

  EXPECT_TRUE(Returns(a_, kGate, "open|{}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
  EXPECT_TRUE(Becomes(a_, "write_gate", "warning", "it opened after the start although"));
  b_.Start();
  EXPECT_TRUE(Becomes(a_, "write_gate", "ok"));
}

TEST_F(GatePeers, QuarantineIsNotEndedByABackendsCrash) {
  a_.Configure("pg_baton.quarantine_timeout = -1\n");
  b_.Stop();
  a_.Restart();
  ASSERT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  helper::Connection victim = a_.Connect();
  SendSignal(std::stoi(victim.Value("SELECT pg_backend_pid()")), SIGKILL);
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("all server processes terminated; reinitializing") != std::string::npos;
  }));

  EXPECT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
}

//   a (killed, recovers for longer than quarantine lasts)     b (primary)
TEST_F(GatePeers, ALongRecoveryUsesUpNoQuarantine) {
  a_.Configure("pg_baton.quarantine_timeout = 1s\n");
  a_.Sql("INSERT INTO t SELECT generate_series(1, 4000000)");
  WaitForReplay(a_, b_);
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  a_.Start();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (0)"), "25006");
  EXPECT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));
  EXPECT_EQ(a_.Log().find("No peer has answered in time"), std::string::npos);
}

//   a (killed, started again)     b (primary, all its connections taken)
TEST_F(GatePeers, ANewPrimaryWhoseConnectionsAreAllTakenIsFoundAllTheSame) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  std::vector<helper::Connection> crowd;
  try {
    for (int i = 0; i < 200; ++i) crowd.push_back(b_.Connect("postgres", "app"));
  } catch (const core::Error&) {
  }
  ASSERT_LT(crowd.size(), 200u);

  a_.Start();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (0)"), "25006");
  EXPECT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));
}

// As a standby that is started with a configuration in which the registry is not to be found.
TEST_F(GatePeers, AnUnreadableRegistryIsNoEmptyOne) {
  b_.Stop();
  a_.Configure("pg_baton.database = 'template1'\npg_baton.quarantine_timeout = -1\n");
  a_.Restart();
  EXPECT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (0)"), "25006");
}

TEST_F(GatePeers, QuarantineMayLastForEverAndAPersonEndsIt) {
  a_.Configure("pg_baton.quarantine_timeout = -1\n");
  b_.Stop();
  a_.Restart();

  EXPECT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  EXPECT_EQ(a_.Rows("SELECT gate FROM baton.unfence()"), "closed");
  EXPECT_EQ(a_.Rows("SELECT gate, gate_reasons FROM baton.unfence(force => true)"), "open|{}");
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
}

// The observer is the one who ends quarantine before its time; the time ends it by itself.
TEST_F(GatePeers, QuarantineEndsInTimeAlthoughTheObserverIsStopped) {
  b_.Stop();
  a_.Restart();
  ASSERT_TRUE(Returns(a_, kGate, "closed|{quarantine}"));
  const int observer = a_.AwaitProcess("pg_baton observer");

  SendSignal(observer, SIGSTOP);
  EXPECT_TRUE(Returns(a_, "SELECT gate_reasons FROM baton.node_status", "{}"));
  ASSERT_TRUE(Returns(a_, kGate, "waiting|{}")) << "nobody has looked around since";
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "") << "after the pause that doubt costs";
  EXPECT_TRUE(Returns(a_, kGate, "open|{}"));
  SendSignal(observer, SIGCONT);
}

TEST_F(GatePeers, ACommitThatWaitsCanBeCancelled) {
  b_.Stop();
  a_.Restart();
  helper::Connection session = a_.Connect();
  const std::string pid = session.Value("SELECT pg_backend_pid()");
  PQsendQuery(session.get(), "INSERT INTO t VALUES (1)");
  const bool waited = Eventually(
      [&] {
        return a_.Sql("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + pid) ==
               "Extension";
      },
      2s);
  if (waited) a_.Sql(fmt::format("SELECT pg_cancel_backend({})", pid));
  PGresult* const result = PQgetResult(session.get());
  EXPECT_STREQ(PQresultErrorField(result, PG_DIAG_SQLSTATE), waited ? "57014" : "25006");
  PQclear(result);
}

//   a (primary) <--- b            a (closed)     b (primary, timeline 2)
TEST_F(GatePeers, ALivingOldPrimaryClosesWhenAnotherWasPromoted) {
  helper::Connection old_session = a_.Connect("postgres", "app");
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_TRUE(Returns(a_, kGate, "closed|{\"another primary\"}"));
  EXPECT_THROW(old_session.Query("SELECT 1"), core::Error) << "old sessions of users end";
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  EXPECT_THAT(a_.SqlError("INSERT INTO t VALUES (1)"),
              StartsWith("the write gate of this server is closed: another primary"));
  EXPECT_THAT(StateOf(a_, "SELECT 1", "app"), HasSubstr("this server is not the primary any more"));
  EXPECT_EQ(StateOf(a_, "SELECT 1", "reader"), "");
  EXPECT_EQ(StateOf(a_, "SELECT 1", "baton_node"), "") << "the others must be able to ask it";
  EXPECT_EQ(MultiHost("app", "SELECT current_setting('port')"), std::to_string(b_.port()));
  EXPECT_TRUE(Becomes(a_, "write_gate", "critical",
                      "commits are refused: another primary. Node \"b\" is the primary on "
                      "timeline 2."));
  EXPECT_EQ(StateOf(b_, "INSERT INTO t VALUES (2)"), "");
  EXPECT_EQ(b_.Rows(kGate), "open|{}");
}

TEST_F(GatePeers, AnotherPrimaryIsRememberedWithoutAskingAnybody) {
  b_.Sql("SELECT baton.promote(force => true)");
  ASSERT_TRUE(Returns(a_, kGate, "closed|{\"another primary\"}"));
  b_.Stop();

  a_.Restart();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  EXPECT_THAT(StateOf(a_, "SELECT 1", "app"), HasSubstr("this server is not the primary any more"));
  a_.Kill();
  a_.Start();
  EXPECT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));

  EXPECT_EQ(a_.Rows("SELECT 'another primary' = ANY (gate_reasons) FROM baton.unfence()"), "t");
  EXPECT_EQ(a_.Rows("SELECT gate FROM baton.unfence(force => true)"), "open");
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
}

TEST_F(GatePeers, NobodyOpensItByHandBesideALivingPrimary) {
  b_.Sql("SELECT baton.promote(force => true)");
  ASSERT_TRUE(Returns(a_, kGate, "closed|{\"another primary\"}"));

  EXPECT_EQ(a_.SqlError("SELECT baton.unfence(force => true)"),
            "the write gate cannot be opened beside another primary");
  EXPECT_EQ(a_.Rows(kGate), "closed|{\"another primary\"}");
}

//   a (killed) <--- b      a (started by hand)     b (primary)
TEST_F(GatePeers, AnOldPrimaryThatIsStartedAgainBesideANewOneNeverWrites) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  a_.Start();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006") << "its first commit meets the gate";
  EXPECT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));
  EXPECT_THAT(StateOf(a_, "SELECT 1", "app"), HasSubstr("this server is not the primary any more"));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "0");
}

TEST_F(GatePeers, RejoinEndsTheReason) {
  a_.Kill();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  a_.Start();
  ASSERT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));
  a_.Stop();

  ASSERT_EQ(cluster_.RunRejoin(a_, b_).exit_code, 0);

  EXPECT_TRUE(Returns(a_, kGate, "open|{}"));
  EXPECT_TRUE(Becomes(a_, "write_gate", "ok", "commits would pass after a promotion"));
  b_.Kill();
  ASSERT_EQ(a_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (3)"), "");
}

// After its promotion a standby writes at once, whoever is there to be asked.
TEST_F(GatePeers, QuarantineNeverAppliesToAPromotion) {
  a_.Kill();
  b_.Restart();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  EXPECT_EQ(StateOf(b_, "INSERT INTO t VALUES (1)"), "");
  EXPECT_EQ(b_.Rows(kGate), "open|{}");
}

TEST_F(GatePeers, AFenceOnAStandbyIsMetByItsPromotion) {
  EXPECT_EQ(b_.Rows("SELECT gate FROM baton.fence('not this one')"), "closed");
  EXPECT_TRUE(Becomes(b_, "write_gate", "warning", "after a promotion commits would be refused"));
  a_.Kill();
  b_.Sql("SELECT pg_promote()");
  EXPECT_EQ(StateOf(b_, "INSERT INTO t VALUES (1)"), "25006");
  EXPECT_EQ(b_.Rows("SELECT gate FROM baton.unfence()"), "open");
  EXPECT_EQ(StateOf(b_, "INSERT INTO t VALUES (1)"), "");
}

//   a (primary, policy fence) <--- b       a (cut off)  | b
TEST_F(GatePeers, APrimaryThatIsCutOffClosesWithPolicyFenceAlone) {
  Proxy link(b_.port());
  RegisterAt(a_, "b", link.port());
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_timeout = '2s'");
  a_.Sql("SELECT pg_reload_conf()");

  link.Swallow();
  ASSERT_TRUE(Becomes(a_, "peers", "warning"));
  EXPECT_EQ(a_.Rows(kGate), "open|{}") << "with policy keep";
  link.Deliver();
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));

  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_policy = 'fence'");
  a_.Sql("SELECT pg_reload_conf()");
  link.Swallow();
  EXPECT_TRUE(Returns(a_, kGate, "closed|{isolated}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  link.Deliver();
  EXPECT_TRUE(Returns(a_, kGate, "open|{}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
}

// Nobody has to be alive for it: whoever would renew the time is stopped.
TEST_F(GatePeers, IsolationIsNoticedAlthoughTheObserverIsStopped) {
  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_timeout = '2s'");
  a_.Sql("ALTER SYSTEM SET pg_baton.isolation_policy = 'fence'");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  const int observer = a_.AwaitProcess("pg_baton observer");

  EXPECT_EQ(a_.Rows(kGate), "open|{}");
  SendSignal(observer, SIGSTOP);
  EXPECT_TRUE(Returns(a_, kGate, "closed|{isolated}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  SendSignal(observer, SIGCONT);
  EXPECT_TRUE(Returns(a_, kGate, "open|{}"));
}

}  // namespace
}  // namespace baton::test
