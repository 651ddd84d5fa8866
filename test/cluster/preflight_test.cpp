// What a primary says about being demoted, or handing over, with servers that have a reason not to.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Preflight : public Scenario {
 protected:
  static std::string Demotion(const Node& node, const std::string& check) {
    return node.Rows(fmt::format(
        "SELECT status, message FROM baton.demotion_check WHERE check_name = '{}'", check));
  }
  static std::string Target(const Node& node, const std::string& target, const std::string& check) {
    return node.Rows(fmt::format(
        "SELECT status, message FROM baton.switchover_check('{}') WHERE check_name = '{}'", target,
        check));
  }
  static std::string AskAgainst(const std::string& target) {
    return fmt::format(
        "SELECT check_name, status, message FROM baton.switchover_check('{}') WHERE status <> 'ok'",
        target);
  }
  // All rows that are not fine.
  static std::string Against(const Node& node, const std::string& target) {
    return node.Rows(AskAgainst(target));
  }
  static void Set(const Node& node, const std::string& name, const std::string& value) {
    node.Sql(fmt::format("ALTER SYSTEM SET {} = $v${}$v$", name, value));
    node.Sql("SELECT pg_reload_conf()");
  }
  static void SetAndWait(const Node& node, const std::string& name, const std::string& value) {
    Set(node, name, value);
    ASSERT_TRUE(
        Returns(node, fmt::format("SELECT current_setting('{}') = $v${}$v$", name, value), "t"));
  }
  static bool IsBefore16(const Node& node) {
    return node.Sql("SELECT current_setting('server_version_num')::int < 160000") == "t";
  }
  // Whether it comes to that nothing speaks against it.
  testing::AssertionResult CanHandOver(const Node& from, const std::string& to) {
    return Returns(from, AskAgainst(to), "");
  }
};

//   a (primary) <--- b
TEST_F(Preflight, OfAHealthyPairHasNothingAgainstIt) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  WaitForReplay(a, b);

  EXPECT_TRUE(CanHandOver(a, "b"));
  EXPECT_EQ(a.Sql("SELECT count(*) FROM baton.demotion_check"), "18");
  EXPECT_EQ(a.Sql("SELECT count(*) FROM baton.switchover_check('b')"), "29");
}

TEST_F(Preflight, IsForThePrimaryAlone) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);

  EXPECT_EQ(b.Rows("SELECT check_name, status, message, hint FROM baton.demotion_check"),
            "is_primary|critical|this server is not a primary|Ask the primary; see baton.cluster.");
  EXPECT_EQ(b.Rows("SELECT check_name, status, message FROM baton.switchover_check('b')"),
            "is_primary|critical|this server is not a primary");
}

// Neither role may read all that the answer is made of.
TEST_F(Preflight, SaysTheSameToThoseWhoMayOnlyAsk) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  a.Sql("CREATE ROLE operator LOGIN IN ROLE baton_operator");
  a.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
  WaitForReplay(a, b);
  ASSERT_TRUE(CanHandOver(a, "b"));

  for (const char* const role : {"operator", "reader"}) {
    helper::Connection session = a.Connect("postgres", role);
    EXPECT_EQ(session.Value("SELECT string_agg(check_name || ': ' || message, '; ')"
                            " FROM baton.switchover_check('b') WHERE status <> 'ok'"),
              "")
        << role;
    EXPECT_EQ(session.Value("SELECT session_user = current_user"), "t");
    EXPECT_THROW(session.Query("SELECT * FROM pg_authid"), helper::SqlError);
  }
}

TEST_F(Preflight, OfADemotionNamesTheSettingsThatStandInItsWay) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  for (const char* const setting :
       {"restart_after_crash = off", "recovery_target_name = 'x'",
        "recovery_min_apply_delay = '2s'", "hot_standby = off", "wal_level = minimal",
        "max_wal_senders = 0", "archive_mode = off"}) {
    a.Sql(fmt::format("ALTER SYSTEM SET {}", setting));
  }
  a.Restart();
  ASSERT_TRUE(Returns(a, "SELECT gate FROM baton.node_status", "open"));

  EXPECT_EQ(a.Rows("SELECT check_name, message FROM baton.demotion_check"
                   " WHERE status = 'critical'"),
            "restart_after_crash|restart_after_crash is off, so the server would end instead of "
            "becoming a standby\n"
            "recovery_target|recovery_target_name is set, so recovery would stop there, or end the "
            "server\n"
            "recovery_min_apply_delay|recovery_min_apply_delay is 2.0 s, so the demoted server "
            "would stay behind\n"
            "hot_standby|hot_standby is off, so the demoted server would take no sessions\n"
            "wal_level|wal_level is minimal, so no standby can be made of this server");

  a.Sql("ALTER SYSTEM RESET recovery_target_name");
  a.Sql("ALTER SYSTEM SET recovery_target_timeline = 'current'");
  a.Restart();
  EXPECT_EQ(Demotion(a, "recovery_target"),
            "critical|recovery_target_timeline is current, so this server would not follow the "
            "next primary");
}

TEST_F(Preflight, OfADemotionFindsSettingsOfTheCommandLine) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  a.Stop();
  RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", a.data(), "-l", a.log_file(), "-o",
             "-c restore_command=/bin/false"});

  EXPECT_EQ(Demotion(a, "command_line_settings"),
            "critical|set on the server's command line, where it cannot be changed: "
            "restore_command");
}

TEST_F(Preflight, OfADemotionWantsToChangeSettings) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  EXPECT_THAT(Demotion(a, "alter_system"), StartsWith("ok|"));

  a.Configure("allow_alter_system = off");
  a.Sql("SELECT pg_reload_conf()");

  const bool exists =
      a.Sql("SELECT count(*) FROM pg_settings WHERE name = 'allow_alter_system'") == "1";
  EXPECT_TRUE(Returns(a,
                      "SELECT status FROM baton.demotion_check WHERE check_name = 'alter_system'",
                      exists ? "critical" : "ok"));
}

// Of those that pg_baton looks for one that it cannot remove, for it is a folder.
TEST_F(Preflight, OfADemotionFindsTriggerFiles) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  EXPECT_EQ(Demotion(a, "trigger_file"), "ok|no file asks for a promotion");

  const fs::path ours = cluster_.directory() / "promote.now";
  fs::create_directory(ours);
  SetAndWait(a, "pg_baton.promote_trigger_file", ours.string());
  EXPECT_EQ(Demotion(a, "trigger_file"),
            "critical|there is a file that asks for a promotion: " + ours.string());

  std::ofstream(a.data() / "promote") << "";
  EXPECT_EQ(Demotion(a, "trigger_file"),
            "critical|there is a file that asks for a promotion: " + ours.string() + ", promote");

  fs::remove(ours);
  fs::remove(a.data() / "promote");
  EXPECT_EQ(Demotion(a, "trigger_file"), "ok|no file asks for a promotion");
  if (!IsBefore16(a)) return;
  const fs::path theirs = cluster_.directory() / "of_15";
  std::ofstream(theirs) << "";
  SetAndWait(a, "promote_trigger_file", theirs.string());
  EXPECT_EQ(Demotion(a, "trigger_file"),
            "critical|there is a file that asks for a promotion: " + theirs.string());
}

TEST_F(Preflight, OfADemotionFindsSlotsAndSubscriptionsThatDoNotMoveAlong) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Set(a, "wal_level", "logical");
  a.Restart();
  a.Sql("SELECT pg_create_logical_replication_slot('l', 'pgoutput')");
  a.Sql("SELECT pg_create_physical_replication_slot('p')");
  a.Sql("CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)");
  EXPECT_THAT(Demotion(a, "two_phase_subscriptions"), StartsWith("ok|"));

  // The gate refuses to make one, but it may be older than the extension.
  a.Sql("UPDATE pg_subscription SET subtwophasestate = 'p'");

  EXPECT_EQ(Demotion(a, "two_phase_subscriptions"),
            "critical|subscriptions with two_phase, whose workers commit past the write gate: s");
  EXPECT_EQ(Demotion(a, "logical_slots"),
            IsBefore16(a) ? "critical|logical slots would be left on the demoted server: l"
                          : "warning|logical slots stay on the demoted server: l");
}

TEST_F(Preflight, OfADemotionWaitsForABaseBackup) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  helper::Connection session = a.Connect();
  session.Run("BEGIN");
  const auto check = [&] {
    return session.Value(
        "SELECT status || '|' || message FROM baton.demotion_check"
        " WHERE check_name = 'base_backup'");
  };
  EXPECT_EQ(check(), "ok|no base backup is being sent");

  const pid_t backup =
      Spawn({Cluster::Program("pg_basebackup"), "-D", cluster_.directory() / "backup", "-h",
             cluster_.directory(), "-p", std::to_string(a.port()), "-c", "fast", "--max-rate=64"},
            cluster_.directory() / "pg_basebackup");

  EXPECT_TRUE(Eventually([&] {
    return check() == "critical|a base backup is being sent, and would be ended: pg_basebackup";
  })) << check();

  SendSignal(backup, SIGTERM);
  WaitFor(backup);
  EXPECT_TRUE(Eventually([&] { return check() == "ok|no base backup is being sent"; })) << check();
}

TEST_F(Preflight, OfADemotionRefusesPreparedTransactionsThatNoStandbyCouldTake) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Set(a, "max_prepared_transactions", "5");
  a.Restart();
  a.Sql("CREATE TABLE t (n int)");
  const auto prepare = [&](const std::string& name, int subtransactions) {
    helper::Connection session = a.Connect();
    session.Run("BEGIN");
    session.Run("INSERT INTO t VALUES (0)");
    session.Run(
        fmt::format("DO $$BEGIN FOR i IN 1..{} LOOP BEGIN INSERT INTO t VALUES (i);"
                    " EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END$$",
                    subtransactions));
    session.Run(fmt::format("PREPARE TRANSACTION '{}'", name));
  };
  prepare("many", 64);
  EXPECT_EQ(Demotion(a, "prepared_transactions"),
            "ok|prepared transactions move along to the next primary");

  prepare("too many", 65);
  EXPECT_EQ(Demotion(a, "prepared_transactions"),
            "critical|prepared transactions with more than 64 subtransactions: too many; no "
            "standby would take sessions while they are there");

  a.Sql("COMMIT PREPARED 'too many'");
  EXPECT_EQ(Demotion(a, "prepared_transactions"),
            "ok|prepared transactions move along to the next primary");
}

TEST_F(Preflight, OfADemotionCountsWhatWaitsForTheArchiver) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Set(a, "archive_mode", "on");
  Set(a, "archive_command", "false");
  Set(a, "pg_baton.switchover_archive_backlog", "1");
  a.Restart();
  EXPECT_THAT(Demotion(a, "archive_backlog"), StartsWith("ok|"));

  FillSegments(a, 3);
  EXPECT_EQ(Demotion(a, "archive_backlog"),
            "critical|3 files wait for the archiver, and pg_baton.switchover_archive_backlog "
            "allows 1");

  Set(a, "archive_command", "true");
  EXPECT_TRUE(Returns(
      a, "SELECT status, message FROM baton.demotion_check WHERE check_name = 'archive_backlog'",
      "ok|0 files wait for the archiver"));
}

TEST_F(Preflight, OfADemotionRefusesALibraryThatArchives) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  SetAndWait(a, "archive_library", "basic_archive");
  EXPECT_EQ(Demotion(a, "archive_library"), "ok|no library archives for this server");

  Set(a, "archive_mode", "on");
  a.Restart();
  EXPECT_EQ(
      Demotion(a, "archive_library"),
      "critical|what the archiver has not taken cannot be archived by this library afterwards");
}

TEST_F(Preflight, OfADemotionFindsAHistoryThatLeadsElsewhere) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const fs::path history = a.data() / "pg_wal" / "0000000B.history";
  std::ofstream(history) << "1\t0/3000000\tno recovery target specified\n";

  EXPECT_EQ(Demotion(a, "newer_history"),
            "critical|pg_wal has the history of timeline 11, and this server is on 1");
  fs::remove(history);
  EXPECT_EQ(Demotion(a, "newer_history"), "ok|pg_wal has no history of a timeline above 1");
}

TEST_F(Preflight, OfADemotionIsAgainstAFencedPrimary) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  EXPECT_TRUE(
      Returns(a, "SELECT status FROM baton.demotion_check WHERE check_name = 'write_gate'", "ok"));

  a.Sql("SELECT baton.fence('repair')");

  EXPECT_EQ(Demotion(a, "write_gate"), "critical|the write gate is closed: fenced by hand");
}

//   a (primary) <--- b <--- c
TEST_F(Preflight, OfASwitchoverWantsAStandbyOfItsOwn) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  WaitForReplay(a, b);
  ASSERT_TRUE(CanHandOver(a, "c"));
  b.Sql("SELECT pg_create_physical_replication_slot('c')");
  StreamFrom(c, b.port());
  ASSERT_TRUE(Becomes(c, "streaming", "ok", "streaming from b"));

  EXPECT_EQ(Against(a, "nobody"), "target_known|critical|node \"nobody\" is not registered");
  EXPECT_EQ(Against(a, "a"), "target_known|critical|node \"a\" is this node itself");
  EXPECT_EQ(Against(a, "c"),
            "target_is_standby|critical|node \"c\" does not stream from this server\n"
            "target_lag|unknown|it is not known what node \"c\" has replayed");
}

TEST_F(Preflight, OfASwitchoverIsAgainstATargetThatIsDown) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  b.Stop();

  EXPECT_THAT(Target(a, "b", "target_answers"),
              StartsWith("critical|node \"b\" does not answer: connection to server"));
  EXPECT_TRUE(Returns(a,
                      "SELECT status, message FROM baton.switchover_check('b')"
                      " WHERE check_name = 'target_is_standby'",
                      "critical|node \"b\" does not stream from this server"));
  EXPECT_THAT(Target(a, "b", "target_promotable"),
              StartsWith("unknown|node \"b\" could not be asked: connection to server"));
}

TEST_F(Preflight, OfASwitchoverIsAgainstATargetThatHangs) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  ASSERT_TRUE(CanHandOver(a, "b"));
  b.Hang();

  const std::string answer = Target(a, "b", "target_answers");
  b.GoOn();

  EXPECT_EQ(answer, "critical|node \"b\" does not answer: no answer within 1.0 s");
}

TEST_F(Preflight, OfASwitchoverIsAgainstATargetThatIsAPrimary) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  ASSERT_EQ(b.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_EQ(Target(a, "b", "target_is_standby"),
            "critical|node \"b\" answers as primary on timeline 2");
  EXPECT_EQ(Target(a, "b", "target_timeline"),
            "critical|node \"b\" is on timeline 2, and this server on 1");
  EXPECT_EQ(Target(a, "b", "target_promotable"),
            "critical|is_standby: this server is not a standby");
}

TEST_F(Preflight, OfASwitchoverHearsWhatTheTargetSaysAgainstItself) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  ASSERT_TRUE(CanHandOver(a, "b"));
  SetAndWait(a, "pg_baton.switchover_max_lag", "1MB");

  b.Sql("SELECT baton.fence('repair')");
  b.Sql("SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(Returns(b, "SELECT pg_get_wal_replay_pause_state()", "paused"));
  FillSegments(a, 2);

  EXPECT_THAT(Target(a, "b", "target_promotable"),
              MatchesRegex("critical\\|write_gate: fenced by hand: by .*repair; "
                           "replay_paused: replay is paused; .*"));
  EXPECT_THAT(Target(a, "b", "target_lag"),
              testing::ContainsRegex("^critical\\|node \"b\" has still to replay [0-9]+ MB of WAL, "
                                     "and pg_baton.switchover_max_lag allows 1.0 MB$"));
}

//   a (primary) <--- b
//               <--- c (hangs)
TEST_F(Preflight, OfASwitchoverIsNotKeptByAThirdThatIsSilent) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Clone("c", a);
  WaitForReplay(a, b);
  ASSERT_TRUE(CanHandOver(a, "b"));
  c.Hang();

  const std::string promotable = Target(a, "b", "target_promotable");
  c.GoOn();

  EXPECT_EQ(promotable, "ok|nothing on node \"b\" speaks against its promotion");
}

TEST_F(Preflight, OfASwitchoverWantsRoomForASlotOnTheTarget) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Set(b, "max_replication_slots", "1");
  b.Restart();
  ASSERT_TRUE(CanHandOver(a, "b"));

  b.Sql("SELECT pg_create_physical_replication_slot('other')");
  EXPECT_EQ(Against(a, "b"),
            "target_slots|critical|all 1 replication slots of node \"b\" are in use");

  b.Sql("SELECT pg_drop_replication_slot('other')");
  b.Sql("SELECT pg_create_physical_replication_slot('a')");
  EXPECT_EQ(Target(a, "b", "target_slots"), "ok|node \"b\" has a slot for this node already");
}

// By the very string that it will stream by, and not as the nodes ask each other.
TEST_F(Preflight, OfASwitchoverWantsTheTargetToLetThisServerInAsAStandby) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  WaitForReplay(a, b);
  ASSERT_TRUE(CanHandOver(a, "b"));

  SetAndWait(a, "primary_conninfo", "host=somewhere user=nobody");
  EXPECT_THAT(Against(a, "b"), MatchesRegex("target_standby_login\\|critical\\|node \"b\" does not "
                                            "let this server in as a standby: .*\"nobody\".*"));
  a.Sql("ALTER SYSTEM RESET primary_conninfo");
  a.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(CanHandOver(a, "b"));

  std::ifstream before(b.data() / "pg_hba.conf");
  const std::string rules{std::istreambuf_iterator<char>(before), {}};
  before.close();
  std::ofstream(b.data() / "pg_hba.conf") << "host replication all all reject\n" << rules;
  b.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Eventually([&] { return !Against(a, "b").empty(); }));
  EXPECT_THAT(
      Against(a, "b"),
      MatchesRegex("target_standby_login\\|critical\\|node \"b\" does not let this server in "
                   "as a standby: .*pg_hba.conf rejects replication connection.*"));
  EXPECT_THAT(a.Rows("SELECT outcome, reason FROM baton.switchover('b', wait => false)"),
              StartsWith("refused|target_standby_login: "));
}

TEST_F(Preflight, OfASwitchoverTellsWhatBecomesOfTheSynchronousStandbys) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  cluster_.Clone("b", a);
  ASSERT_TRUE(CanHandOver(a, "b"));
  SetAndWait(a, "synchronous_standby_names", "ANY 1 (b, c)");

  EXPECT_EQ(Target(a, "b", "sync_standbys"),
            "ok|synchronous_standby_names here, ANY 1 (b, c), would be ANY 1 (a, c) on node \"b\"");
  EXPECT_EQ(Against(a, "b"), "");
}

}  // namespace
}  // namespace baton::test
