// The write gate of one server: what it stops, what it lets through, and what outlives a crash.
#include <csignal>
#include <fmt/format.h>
#include <future>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Gate : public Scenario {
 protected:
  Gate()
      : a_(cluster_.InitPrimary("a", kQuick + "max_prepared_transactions = 10\n"
                                              "wal_level = logical\n")) {
    a_.Sql("CREATE TABLE t (n int, note text)");
    EXPECT_TRUE(Becomes(a_, "write_gate", "ok", "commits pass"));
  }

  // SQLSTATE of what the statements raise; "" if nothing, "cut" if the connection ended instead.
  static std::string StateOf(helper::Connection& session, const std::string& statements) {
    PGresult* const result = PQexec(session.get(), statements.c_str());
    const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string text = state != nullptr                              ? state
                             : PQresultStatus(result) == PGRES_FATAL_ERROR ? "cut"
                                                                           : "";
    PQclear(result);
    return text;
  }
  static std::string StateOf(const Node& node, const std::string& statement) {
    helper::Connection session = node.Connect();
    return StateOf(session, statement);
  }
  // What happens to a client that runs these statements, one after the other, in a session of its
  // own: "acknowledged", or the first thing that StateOf has to say.
  static std::future<std::string> InBackground(const Node& node,
                                               std::vector<std::string> statements) {
    return std::async(std::launch::async, [&node, statements = std::move(statements)] {
      helper::Connection session = node.Connect();
      for (const std::string& statement : statements) {
        const std::string state = StateOf(session, statement);
        if (!state.empty()) return state;
      }
      return std::string("acknowledged");
    });
  }

  // The process that runs a statement like this, once it waits for that.
  static int PidOfWaiter(const Node& node, const std::string& like, const std::string& wait_event) {
    std::string pid;
    EXPECT_TRUE(Eventually([&] {
      pid =
          node.Sql(fmt::format("SELECT pid FROM pg_stat_activity WHERE query LIKE '{}'"
                               " AND wait_event = '{}' AND pid <> pg_backend_pid()",
                               like, wait_event));
      return !pid.empty();
    })) << like;
    return pid.empty() ? 0 : std::stoi(pid);
  }

  std::string Fence() {
    return a_.Rows("SELECT gate, gate_reasons, committing FROM baton.fence('a test')");
  }
  std::string Unfence() { return a_.Rows("SELECT gate, gate_reasons FROM baton.unfence()"); }
  // Commits wait until they are told to go on by Release().
  void HoldCommits() {
    a_.Sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    a_.Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(Returns(a_, "SHOW synchronous_standby_names", "nobody"));
  }
  void Release() {
    a_.Sql("ALTER SYSTEM RESET synchronous_standby_names");
    a_.Sql("SELECT pg_reload_conf()");
  }

  Node& a_;
};

TEST_F(Gate, ClosedByHandRefusesWithAReasonAndOpensAgain) {
  EXPECT_EQ(a_.Rows("SELECT gate, gate_reasons FROM baton.node_status"), "open|{}");

  EXPECT_EQ(Fence(), "closed|{\"fenced by hand\"}|0");

  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  try {
    a_.Connect().Query("INSERT INTO t VALUES (1)");
    ADD_FAILURE() << "it was acknowledged";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.message(), "the write gate of this server is closed: fenced by hand");
    EXPECT_THAT(error.detail(), StartsWith("It was fenced by \""));
    EXPECT_THAT(error.detail(), HasSubstr("\": a test."));
    EXPECT_EQ(error.hint(), "SELECT * FROM baton.unfence() opens it.");
  }
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(Becomes(a_, "write_gate", "critical", "commits are refused: fenced by hand. "));
  EXPECT_TRUE(Returns(a_, "SELECT message FROM baton.events WHERE kind = 'gate' LIMIT 1",
                      "the write gate is closed: fenced by hand"));

  EXPECT_EQ(Unfence(), "open|{}");
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (2)"), "");
  EXPECT_TRUE(Becomes(a_, "write_gate", "ok"));
}

TEST_F(Gate, StopsWhateverWrites) {
  a_.Sql("CREATE DATABASE victim");
  a_.Sql(
      "CREATE PROCEDURE commits() LANGUAGE plpgsql AS"
      " 'BEGIN INSERT INTO t VALUES (7); COMMIT; END'");
  a_.Sql("CREATE TABLE u (n int)");
  ASSERT_EQ(StateOf(a_, "BEGIN; INSERT INTO u VALUES (8); PREPARE TRANSACTION 'before'"), "");
  const std::string victim = a_.Sql("SELECT oid FROM pg_database WHERE datname = 'victim'");
  const fs::path place = cluster_.directory() / "place";
  fs::create_directory(place);
  Fence();

  for (const char* const statement :
       {"INSERT INTO t VALUES (1)", "CREATE TABLE v ()", "TRUNCATE t",
        "CREATE INDEX CONCURRENTLY ON t (n)", "SELECT lo_create(0)", "CALL commits()",
        "COPY t (n) FROM PROGRAM 'echo 1'", "CREATE TEMP TABLE v ()",
        "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); COMMIT",
        "BEGIN; INSERT INTO t VALUES (1); COMMIT AND CHAIN",
        "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'p'",
        "SET synchronous_commit = off; INSERT INTO t VALUES (1)",
        "SET synchronous_commit = remote_apply; INSERT INTO t VALUES (1)",
        "COMMIT PREPARED 'before'", "ROLLBACK PREPARED 'before'", "DROP DATABASE victim",
        "CREATE DATABASE other", "ALTER DATABASE victim SET work_mem = '5MB'"}) {
    EXPECT_EQ(StateOf(a_, statement), "25006") << statement;
  }
  EXPECT_EQ(StateOf(a_, fmt::format("CREATE TABLESPACE space LOCATION '{}'", place.string())),
            "25006");

  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "0");
  EXPECT_TRUE(fs::exists(a_.data() / "base" / victim))
      << "a refused DROP DATABASE destroys nothing";
  EXPECT_TRUE(fs::is_empty(place)) << "a refused CREATE TABLESPACE leaves nothing";
  EXPECT_EQ(a_.Sql("SELECT gid FROM pg_prepared_xacts"), "before");
  Unfence();
  a_.Sql("COMMIT PREPARED 'before'");
  a_.Sql("DROP DATABASE victim");
  EXPECT_EQ(a_.Sql("SELECT n FROM u"), "8");
}

TEST_F(Gate, LetsThroughWhatWritesNothingAndWhatIsDocumented) {
  Fence();
  for (const char* const statement :
       {"SELECT * FROM t", "BEGIN; SELECT * FROM t; COMMIT", "NOTIFY x",
        "SELECT pg_logical_emit_message(false, 'p', 'm')", "VACUUM t", "CHECKPOINT",
        "SELECT pg_create_physical_replication_slot('s1', true)",
        "ALTER SYSTEM SET work_mem = '5MB'", "BEGIN; INSERT INTO t VALUES (1); ROLLBACK"}) {
    EXPECT_EQ(StateOf(a_, statement), "") << statement;
  }
}

TEST_F(Gate, AutovacuumGoesOnBehindAClosedGate) {
  a_.Configure(
      "autovacuum_naptime = 1s\nautovacuum_vacuum_threshold = 1\n"
      "autovacuum_analyze_threshold = 1\n");
  a_.Sql("INSERT INTO t SELECT generate_series(1, 1000)");
  a_.Sql("DELETE FROM t WHERE n > 10");
  Fence();
  a_.Sql("SELECT pg_reload_conf()");

  EXPECT_TRUE(Returns(a_,
                      "SELECT autovacuum_count > 0 AND autoanalyze_count > 0"
                      " FROM pg_stat_user_tables WHERE relname = 't'",
                      "t"));
  EXPECT_THAT(a_.Log(), testing::Not(HasSubstr("automatic analyze of table")));
}

// e1 of the hazards: memory is made anew after any backend's crash.
TEST_F(Gate, AHandFenceOutlivesACrashARestartAndAKill) {
  Fence();
  helper::Connection victim = a_.Connect();
  SendSignal(std::stoi(victim.Value("SELECT pg_backend_pid()")), SIGKILL);
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("all server processes terminated; reinitializing") != std::string::npos;
  }));
  ASSERT_TRUE(Returns(a_, "SELECT gate, gate_reasons FROM baton.node_status",
                      "closed|{\"fenced by hand\"}"));
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");

  a_.Restart();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  a_.Kill();
  a_.Start();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  Unfence();
  a_.Restart();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
}

TEST_F(Gate, AnOpenGateStaysOpenOverABackendsCrash) {
  helper::Connection victim = a_.Connect();
  SendSignal(std::stoi(victim.Value("SELECT pg_backend_pid()")), SIGKILL);
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("all server processes terminated; reinitializing") != std::string::npos;
  }));
  // The very first session finds it open: no quarantine, no peers to be asked.
  ASSERT_TRUE(Eventually([&] {
    try {
      return a_.Rows("SELECT gate, gate_reasons FROM baton.node_status") == "open|{}";
    } catch (const core::Error&) {
      return false;
    }
  }));
  EXPECT_EQ(a_.Log().find("quarantine is over", a_.Log().rfind("reinitializing")),
            std::string::npos);
}

// Past the first check, before its commit record: it waits for the lock that NOTIFY takes.
TEST_F(Gate, ACommitThatHadPassedTheFirstCheckIsNotAcknowledged) {
  HoldCommits();
  auto first =
      InBackground(a_, {"BEGIN", "NOTIFY a", "INSERT INTO t VALUES (10, 'first')", "COMMIT"});
  const int first_pid = PidOfWaiter(a_, "COMMIT", "SyncRep");
  auto second = InBackground(a_, {"SET synchronous_commit = local", "BEGIN", "NOTIFY a",
                                  "INSERT INTO t VALUES (11, 'second')", "COMMIT"});
  PidOfWaiter(a_, "COMMIT", "object");

  EXPECT_EQ(Fence(), "closed|{\"fenced by hand\"}|2");
  SendSignal(first_pid, SIGINT);

  EXPECT_EQ(second.get(), "cut");
  EXPECT_EQ(first.get(), "cut");
  EXPECT_EQ(a_.Sql("SELECT n FROM t ORDER BY n"), "10\n11") << "what is durable stands";
  EXPECT_THAT(a_.Log(), HasSubstr("a transaction was committed here and not acknowledged"));
  EXPECT_THAT(a_.Log(), testing::Not(HasSubstr("PANIC")));
  Release();
}

TEST_F(Gate, ABackendStoppedBeforeTheFirstCheckIsRefusedWhenItGoesOn) {
  a_.Sql(
      "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END'");
  a_.Sql(
      "CREATE CONSTRAINT TRIGGER held AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION hold()");
  helper::Connection holder = a_.Connect();
  holder.Query("SELECT pg_advisory_lock(1)");
  auto client = InBackground(a_, {"INSERT INTO t VALUES (20)"});
  const int pid = PidOfWaiter(a_, "INSERT INTO t VALUES (20)", "advisory");

  SendSignal(pid, SIGSTOP);
  holder.Query("SELECT pg_advisory_unlock(1)");
  EXPECT_EQ(Fence(), "closed|{\"fenced by hand\"}|0");
  SendSignal(pid, SIGCONT);

  EXPECT_EQ(client.get(), "25006");
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "0");
}

TEST_F(Gate, ABackendStoppedBetweenTheChecksGivesNoAnswerWhenItGoesOn) {
  HoldCommits();
  auto client = InBackground(a_, {"INSERT INTO t VALUES (21)"});
  auto prepared =
      InBackground(a_, {"BEGIN", "INSERT INTO t VALUES (22)", "PREPARE TRANSACTION 'p'"});
  const int pid = PidOfWaiter(a_, "INSERT INTO t VALUES (21)", "SyncRep");
  const int prepared_pid = PidOfWaiter(a_, "PREPARE%", "SyncRep");

  SendSignal(pid, SIGSTOP);
  SendSignal(prepared_pid, SIGSTOP);
  EXPECT_EQ(Fence(), "closed|{\"fenced by hand\"}|2");
  Release();
  SendSignal(pid, SIGCONT);
  SendSignal(prepared_pid, SIGCONT);

  EXPECT_EQ(client.get(), "cut");
  EXPECT_EQ(prepared.get(), "cut");
  EXPECT_EQ(a_.Sql("SELECT n FROM t"), "21");
  EXPECT_EQ(a_.Sql("SELECT gid FROM pg_prepared_xacts"), "p");
}

// Killing a postmaster leaves its backends for a moment, or, when one is stopped, for longer.
TEST_F(Gate, AnOrphanOfADeadPostmasterAcknowledgesNothing) {
  HoldCommits();
  auto client = InBackground(a_, {"INSERT INTO t VALUES (23)"});
  const int pid = PidOfWaiter(a_, "INSERT INTO t VALUES (23)", "SyncRep");
  helper::Connection idle = a_.Connect();
  const int idle_pid = std::stoi(idle.Value("SELECT pg_backend_pid()"));

  SendSignal(pid, SIGSTOP);
  SendSignal(idle_pid, SIGSTOP);
  SendSignal(a_.Postmaster(), SIGKILL);
  auto late =
      std::async(std::launch::async, [&] { return StateOf(idle, "INSERT INTO t VALUES (24)"); });
  SendSignal(pid, SIGCONT);
  SendSignal(idle_pid, SIGCONT);

  EXPECT_EQ(client.get(), "cut");
  EXPECT_THAT(late.get(), testing::AnyOf("57P01", "25006", "cut"));
}

// As an exception block of any user may do it.
TEST_F(Gate, AnErrorThatWasCaughtLeavesNoPassageBehind) {
  helper::Connection session = a_.Connect();
  session.Query("BEGIN");
  session.Query(
      "DO 'BEGIN EXECUTE ''DROP TABLESPACE nowhere'';"
      " EXCEPTION WHEN OTHERS THEN NULL; END'");
  session.Query("INSERT INTO t VALUES (1)");
  EXPECT_EQ(Fence(), "closed|{\"fenced by hand\"}|0");

  EXPECT_EQ(StateOf(session, "COMMIT"), "25006");
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "0");
}

TEST_F(Gate, ALoginLearnsNothingOfRolesBeforeItsDatabase) {
  a_.Sql("CREATE ROLE own LOGIN");
  a_.Sql("CREATE DATABASE owned OWNER own");
  EXPECT_EQ(a_.Connect("owned", "own").Value("SELECT pg_has_role('pg_database_owner', 'member')"),
            "t");
}

TEST_F(Gate, OnlyASuperusersSessionMayBypassIt) {
  a_.Sql("CREATE ROLE app LOGIN");
  a_.Sql("GRANT ALL ON t TO app");
  Fence();
  helper::Connection app = a_.Connect("postgres", "app");
  helper::Connection super = a_.Connect();

  EXPECT_EQ(StateOf(app, "SET pg_baton.bypass_gate = on"), "42501");
  EXPECT_EQ(StateOf(app, "INSERT INTO t VALUES (1)"), "25006");
  EXPECT_EQ(StateOf(super, "ALTER ROLE postgres SET pg_baton.bypass_gate = on"), "22023");
  EXPECT_EQ(StateOf(super, "SET pg_baton.bypass_gate = on"), "");
  EXPECT_EQ(StateOf(super, "INSERT INTO t VALUES (2)"), "");
  EXPECT_EQ(a_.Sql("SELECT n FROM t"), "2");
}

TEST_F(Gate, AFileThatCannotBeReadKeepsItClosedUntilAPersonHasDecided) {
  a_.Stop();
  helper::ReplaceFile(a_.data() / "pg_baton" / "state", "garbage");
  a_.Start();

  EXPECT_EQ(a_.Rows("SELECT gate, 'state unreadable' = ANY (gate_reasons) FROM baton.node_status"),
            "closed|t");
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006");
  a_.Restart();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "25006") << "nobody has decided yet";
  Unfence();
  EXPECT_TRUE(Returns(a_, "SELECT gate FROM baton.node_status", "open")) << "quarantine is over";
  a_.Restart();
  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
}

TEST_F(Gate, AFileOfAnotherNodeIsSetAside) {
  Fence();
  Unfence();
  a_.Sql("SELECT baton.unregister_node('a')");
  Fence();
  a_.Sql("ALTER SYSTEM SET pg_baton.node_name = 'renamed'");
  a_.Stop();
  a_.Start();

  EXPECT_EQ(StateOf(a_, "INSERT INTO t VALUES (1)"), "");
  EXPECT_TRUE(fs::exists(a_.data() / "pg_baton" / "state.of_another_node"));
}

TEST_F(Gate, ASubscriptionWithTwoPhaseIsRefused) {
  EXPECT_EQ(a_.SqlError("CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p"
                        " WITH (connect = false, two_phase = true)"),
            "a subscription with two_phase cannot be used with pg_baton");
  EXPECT_EQ(a_.SqlError("CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p"
                        " WITH (connect = false, two_phase = false)"),
            "");
}

TEST_F(Gate, ALogicalSubscribersWorkerAppliesNothingBehindIt) {
  Node& publisher = cluster_.InitPlain("p", "wal_level = logical\n");
  publisher.Sql("CREATE TABLE t (n int, note text)");
  publisher.Sql("CREATE PUBLICATION p FOR TABLE t");
  a_.Sql(
      fmt::format("CREATE SUBSCRIPTION s CONNECTION 'host={} port={} dbname=postgres'"
                  " PUBLICATION p",
                  cluster_.directory().string(), publisher.port()));
  publisher.Sql("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(Returns(a_, "SELECT n FROM t", "1"));

  Fence();
  publisher.Sql("INSERT INTO t VALUES (2)");
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("the write gate of this server is closed") != std::string::npos;
  }));
  EXPECT_EQ(a_.Sql("SELECT n FROM t"), "1");
  Unfence();
  EXPECT_TRUE(Returns(a_, "SELECT n FROM t ORDER BY n", "1\n2"));
}

}  // namespace
}  // namespace baton::test
