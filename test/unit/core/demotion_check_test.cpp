#include "core/demotion_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

// A primary on timeline 2 that nothing keeps from becoming a standby.
struct Demotable {
  DemotionFacts facts;

  Demotable() {
    facts.role = Role::kPrimary;
    facts.major_version = 15;
    facts.timeline = 2;
    facts.gate.measured = true;
    facts.gate.text = "open";
    facts.restart_after_crash = true;
    facts.recovery_target_timeline = "latest";
    facts.recovery_min_apply_delay = 0ms;
    facts.hot_standby = true;
    facts.wal_level = "replica";
    facts.on_command_line = NamesFound();
    facts.trigger_files = NamesFound();
    facts.two_phase_subscriptions = NamesFound();
    facts.logical_slots = NamesFound();
    facts.base_backups = NamesFound();
    facts.prepared_transactions = 0;
    facts.newest_history = 0;
    facts.archiving = true;
    facts.ready_files = 1;
    facts.ready_files_allowed = 8;
  }

  std::optional<Verdict> Check(std::string_view check) const {
    return VerdictOf(CheckDemotion(facts), check);
  }
};

TEST(Demotion, OfAHealthyPrimaryIsOkInEveryCheck) {
  const auto findings = CheckDemotion(Demotable().facts);

  EXPECT_THAT(ChecksOf(findings),
              ElementsAre("is_primary", "write_gate", "restart_after_crash", "recovery_target",
                          "recovery_min_apply_delay", "hot_standby", "wal_level", "trigger_file",
                          "two_phase_subscriptions", "logical_slots", "base_backup",
                          "prepared_transactions", "archive_backlog", "archive_library",
                          "newer_history", "alter_system", "command_line_settings", "request"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Demotion, OfWhatWasNotMeasuredIsOkInNoCheckOfIt) {
  DemotionFacts facts;
  facts.role = Role::kPrimary;
  facts.archiving = true;
  const auto findings = CheckDemotion(facts);

  for (const char* const check :
       {"write_gate", "recovery_target", "recovery_min_apply_delay", "wal_level", "trigger_file",
        "two_phase_subscriptions", "logical_slots", "base_backup", "prepared_transactions",
        "archive_backlog", "newer_history", "command_line_settings"}) {
    EXPECT_EQ(VerdictOf(findings, check)->status, Status::kUnknown) << check;
  }
}

TEST(DemotionIsPrimary, IsTheOnlyAnswerOfAStandby) {
  DemotionFacts facts;
  facts.role = Role::kStandby;
  const auto findings = CheckDemotion(facts);

  EXPECT_THAT(ChecksOf(findings), ElementsAre("is_primary"));
  EXPECT_EQ(VerdictOf(findings, "is_primary"), Critical("standby", "this server is not a primary",
                                                        "Ask the primary; see baton.cluster."));
}

TEST(DemotionIsPrimary, IsOkOnAPrimary) {
  EXPECT_EQ(Demotable().Check("is_primary"), Ok("primary", "this server is a primary"));
}

TEST(DemotionWriteGate, IsOkWhileItIsOpen) {
  EXPECT_EQ(Demotable().Check("write_gate"), Ok("open", "commits pass the write gate"));
}

TEST(DemotionWriteGate, IsCriticalForItsReasons) {
  Demotable it;
  it.facts.gate.text = "closed";
  it.facts.gate.reasons = "fenced by hand, isolated";
  it.facts.gate.hint = "SELECT * FROM baton.unfence() opens it.";

  EXPECT_EQ(it.Check("write_gate"),
            Critical("closed", "the write gate is closed: fenced by hand, isolated",
                     "SELECT * FROM baton.unfence() opens it."));
}

TEST(DemotionWriteGate, IsCriticalWhileCommitsAreInDoubt) {
  Demotable it;
  it.facts.gate.text = "waiting";

  EXPECT_EQ(
      it.Check("write_gate"),
      Critical("waiting", "the write gate is not open: the other nodes were not asked for too long",
               "It opens when they have been; see check \"observer\" in baton.health."));
}

TEST(DemotionWriteGate, IsUnknownWhereItWasNotRead) {
  Demotable it;
  it.facts.gate = {};

  EXPECT_EQ(it.Check("write_gate"), Unknown("", "it is not known whether commits pass"));
}

TEST(DemotionRestartAfterCrash, IsCriticalWhereTheServerWouldEnd) {
  Demotable it;
  EXPECT_EQ(it.Check("restart_after_crash"), Ok("on", "the server begins its recovery by itself"));

  it.facts.restart_after_crash = false;
  EXPECT_EQ(
      it.Check("restart_after_crash"),
      Critical("off",
               "restart_after_crash is off, so the server would end instead of becoming a standby",
               "Set restart_after_crash = on and reload, or pg_baton.restart_command."));

  it.facts.restart_command = true;
  EXPECT_EQ(
      it.Check("restart_after_crash"),
      Warning("off", "the server is restarted by pg_baton.restart_command, which takes longer",
              "Set restart_after_crash = on and reload."));
}

TEST(DemotionRecoveryTarget, IsOkWithoutOne) {
  EXPECT_EQ(Demotable().Check("recovery_target"), Ok("none", "no recovery target is set"));
}

TEST(DemotionRecoveryTarget, IsCriticalWithAnyOfThem) {
  Demotable it;
  it.facts.recovery_targets = "recovery_target_name, recovery_target_xid";

  EXPECT_EQ(it.Check("recovery_target"),
            Critical("recovery_target_name, recovery_target_xid",
                     "recovery_target_name, recovery_target_xid is set, so recovery would stop "
                     "there, or end the server",
                     "Reset it and restart this server."));
}

TEST(DemotionRecoveryTarget, IsCriticalOnATimelineOtherThanTheLatest) {
  Demotable it;
  it.facts.recovery_target_timeline = "current";

  EXPECT_EQ(it.Check("recovery_target"),
            Critical("current",
                     "recovery_target_timeline is current, so this server would not follow the "
                     "next primary",
                     "Set recovery_target_timeline = 'latest' and restart this server."));
}

TEST(DemotionRecoveryTarget, IsUnknownWhereItWasNotRead) {
  Demotable it;
  it.facts.recovery_target_timeline = "";

  EXPECT_EQ(it.Check("recovery_target"), Unknown("", "recovery_target_timeline could not be read"));
}

TEST(DemotionRecoveryMinApplyDelay, IsCriticalWithAnyDelay) {
  Demotable it;
  EXPECT_EQ(it.Check("recovery_min_apply_delay"), Ok("0 ms", "replay would not be delayed"));

  it.facts.recovery_min_apply_delay = 1ms;
  EXPECT_EQ(
      it.Check("recovery_min_apply_delay"),
      Critical("1 ms", "recovery_min_apply_delay is 1 ms, so the demoted server would stay behind",
               "Set recovery_min_apply_delay = 0 and reload."));
}

TEST(DemotionHotStandby, IsCriticalWhenOff) {
  Demotable it;
  EXPECT_EQ(it.Check("hot_standby"), Ok("on", "the demoted server would take sessions"));

  it.facts.hot_standby = false;
  EXPECT_EQ(it.Check("hot_standby"),
            Critical("off", "hot_standby is off, so the demoted server would take no sessions",
                     "Set hot_standby = on and restart this server."));
}

TEST(DemotionWalLevel, IsCriticalWhenMinimal) {
  Demotable it;
  EXPECT_EQ(it.Check("wal_level"), Ok("replica", "the WAL has what a standby needs"));

  it.facts.wal_level = "minimal";
  EXPECT_EQ(it.Check("wal_level"),
            Critical("minimal", "wal_level is minimal, so no standby can be made of this server",
                     "Set wal_level = replica and restart this server."));
}

TEST(DemotionTriggerFile, IsCriticalWhileOneIsThere) {
  Demotable it;
  EXPECT_EQ(it.Check("trigger_file"), Ok("none", "no file asks for a promotion"));

  it.facts.trigger_files = NamesFound{1, "/tmp/promote.now"};
  EXPECT_EQ(
      it.Check("trigger_file"),
      Critical("/tmp/promote.now", "there is a file that asks for a promotion: /tmp/promote.now",
               "The demoted server would be promoted at once; remove the file."));
}

TEST(DemotionTriggerFile, IsUnknownWhereItsFolderCannotBeSearched) {
  Demotable it;
  it.facts.trigger_files = std::nullopt;

  EXPECT_EQ(it.Check("trigger_file"),
            Unknown("", "it could not be seen whether there is a trigger file",
                    "Let the server's user search the folder of pg_baton.promote_trigger_file."));
}

TEST(DemotionTwoPhaseSubscriptions, AreCritical) {
  Demotable it;
  EXPECT_EQ(it.Check("two_phase_subscriptions"),
            Ok("none", "no subscription prepares transactions"));

  it.facts.two_phase_subscriptions = NamesFound{2, "s, t"};
  EXPECT_EQ(it.Check("two_phase_subscriptions"),
            Critical("s, t",
                     "subscriptions with two_phase, whose workers commit past the write gate: s, t",
                     "Drop them, or make them anew without two_phase."));
}

TEST(DemotionLogicalSlots, AreCriticalWhereNoStandbyCanHaveThem) {
  Demotable it;
  EXPECT_EQ(it.Check("logical_slots"), Ok("none", "there is no logical slot"));

  it.facts.logical_slots = NamesFound{1, "s"};
  EXPECT_EQ(it.Check("logical_slots"),
            Critical("s", "logical slots would be left on the demoted server: s",
                     "Let their subscribers catch up, and drop them; make them anew on the next "
                     "primary."));
}

TEST(DemotionLogicalSlots, AreAWarningFrom16On) {
  Demotable it;
  it.facts.major_version = 16;
  it.facts.logical_slots = NamesFound{1, "s"};

  EXPECT_EQ(
      it.Check("logical_slots"),
      Warning("s", "logical slots stay on the demoted server: s",
              "Their subscribers go on there, or need slots of that name on the next primary."));
}

TEST(DemotionBaseBackup, IsCriticalWhileOneIsSent) {
  Demotable it;
  EXPECT_EQ(it.Check("base_backup"), Ok("none", "no base backup is being sent"));

  it.facts.base_backups = NamesFound{1, "pg_basebackup"};
  EXPECT_EQ(
      it.Check("base_backup"),
      Critical("pg_basebackup", "a base backup is being sent, and would be ended: pg_basebackup",
               "Wait until it is finished, or end it."));
}

TEST(DemotionPreparedTransactions, MoveAlong) {
  Demotable it;
  EXPECT_EQ(it.Check("prepared_transactions"), Ok("0", "there is no prepared transaction"));

  it.facts.prepared_transactions = 3;
  EXPECT_EQ(it.Check("prepared_transactions"),
            Ok("3", "prepared transactions move along to the next primary"));
  EXPECT_EQ(RowOf(CheckDemotion(it.facts), "prepared_transactions")->value_number, 3);
}

TEST(DemotionPreparedTransactions, AreCriticalWithTooManySubtransactions) {
  Demotable it;
  it.facts.prepared_transactions = 3;
  it.facts.overflowed = {1, "big"};

  EXPECT_EQ(it.Check("prepared_transactions"),
            Critical("3",
                     "prepared transactions with more than 64 subtransactions: big; no standby "
                     "would take sessions while they are there",
                     "Commit or roll them back first."));
}

TEST(DemotionArchiveBacklog, IsOkUpToWhatIsAllowed) {
  Demotable it;
  it.facts.ready_files = 8;

  EXPECT_EQ(it.Check("archive_backlog"), Ok("8", "8 files wait for the archiver"));
  EXPECT_EQ(RowOf(CheckDemotion(it.facts), "archive_backlog")->threshold.view(),
            "critical above 8");
}

TEST(DemotionArchiveBacklog, IsCriticalBeyond) {
  Demotable it;
  it.facts.ready_files = 9;

  EXPECT_EQ(it.Check("archive_backlog"),
            Critical("9",
                     "9 files wait for the archiver, and pg_baton.switchover_archive_backlog "
                     "allows 8",
                     "Let the archiver catch up; see pg_stat_archiver."));
}

TEST(DemotionArchiveBacklog, IsOkWithoutArchiving) {
  Demotable it;
  it.facts.archiving = false;
  it.facts.ready_files = 9;

  EXPECT_EQ(it.Check("archive_backlog"), Ok("", "archiving is off on this server"));
}

TEST(DemotionArchiveBacklog, IsUnknownWhereItWasNotCounted) {
  Demotable it;
  it.facts.ready_files = std::nullopt;

  EXPECT_EQ(it.Check("archive_backlog"),
            Unknown("", "it could not be counted how many files wait for the archiver",
                    "See the folder archive_status of pg_wal."));
}

TEST(DemotionArchiveLibrary, IsCriticalWhereItArchivesAndIsNotOurs) {
  Demotable it;
  EXPECT_EQ(it.Check("archive_library"), Ok("none", "no library archives for this server"));

  it.facts.archive_library = "basic_archive";
  EXPECT_EQ(
      it.Check("archive_library"),
      Critical("basic_archive",
               "what the archiver has not taken cannot be archived by this library afterwards",
               "Archive by archive_library = 'pg_baton' or by archive_command, or demote this "
               "server by a restart."));

  it.facts.archive_library = "pg_baton";
  EXPECT_EQ(it.Check("archive_library"),
            Critical("pg_baton", "pg_baton.archive_directory is not set, so nothing is archived",
                     "Set it, or turn archiving off."));
  it.facts.archive_directory = "/archive";
  EXPECT_EQ(it.Check("archive_library"),
            Ok("pg_baton", "what the archiver has not taken is archived afterwards"));

  it.facts.archiving = false;
  EXPECT_EQ(it.Check("archive_library"), Ok("none", "no library archives for this server"));
}

TEST(DemotionNewerHistory, IsCriticalWhereItLeadsElsewhere) {
  Demotable it;
  EXPECT_EQ(it.Check("newer_history"), Ok("none", "pg_wal has no history of a timeline above 2"));

  it.facts.newest_history = 3;
  EXPECT_EQ(it.Check("newer_history"),
            Critical("3", "pg_wal has the history of timeline 3, and this server is on 2",
                     "Recovery would look for that timeline; find out whose it is, and move the "
                     "file away."));
}

TEST(DemotionAlterSystem, IsCriticalWhereItIsNotAllowed) {
  Demotable it;
  EXPECT_EQ(it.Check("alter_system"), Ok("allowed", "settings can be changed by this server"));

  it.facts.alter_system_allowed = false;
  EXPECT_EQ(
      it.Check("alter_system"),
      Critical("not allowed",
               "allow_alter_system is off, so the demoted server cannot be told whom to follow",
               "Set allow_alter_system = on and reload."));
}

TEST(DemotionCommandLineSettings, AreCriticalWhereTheyHaveToChange) {
  Demotable it;
  EXPECT_EQ(it.Check("command_line_settings"),
            Ok("none", "no setting that has to change stands on the command line"));

  it.facts.on_command_line = NamesFound{1, "restore_command"};
  EXPECT_EQ(it.Check("command_line_settings"),
            Critical("restore_command",
                     "set on the server's command line, where it cannot be changed: "
                     "restore_command",
                     "Move it to a configuration file and restart this server."));
}

TEST(DemotionRequest, IsCriticalWhileAnotherIsUnderWay) {
  Demotable it;
  EXPECT_EQ(it.Check("request"), Ok("none", "no request to this server is under way"));

  it.facts.request = "switchover 4";
  EXPECT_EQ(it.Check("request"),
            Critical("switchover 4", "another request is under way: switchover 4",
                     "Wait until it is finished; see baton.requests."));
}

}  // namespace
}  // namespace baton::core
