#include "core/health.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/nodes.hpp"
#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

std::optional<Verdict> HealthOf(const NodeFacts& node, std::string_view check) {
  return VerdictOf(EvaluateHealth(node, HealthPolicy()), check);
}

Finding RowOf(const NodeFacts& node, std::string_view check) {
  return RowOf(EvaluateHealth(node, HealthPolicy()), check).value();
}

constexpr const char* kNeverHeard = "this standby has never heard from its upstream";

TEST(Health, OfAStandbyWithoutFaultIsOkInEveryCheckOfAStandby) {
  const auto findings = EvaluateHealth(HealthyStandby(), HealthPolicy());

  EXPECT_THAT(ChecksOf(findings),
              ElementsAre("streaming", "replay_lag", "replay_lag_bytes", "replay_paused",
                          "standby_settings", "slots", "archiver", "rewind_readiness",
                          "replication_settings"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Health, OfAPrimaryWithoutFaultIsOkInEveryCheckOfAPrimary) {
  const auto findings = EvaluateHealth(HealthyPrimary(), HealthPolicy());

  EXPECT_THAT(ChecksOf(findings), ElementsAre("standbys", "standby_lag_bytes", "slots", "archiver",
                                              "rewind_readiness", "replication_settings"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Health, OfANodeWithoutARoleLeavesOutWhatDependsOnIt) {
  EXPECT_THAT(ChecksOf(EvaluateHealth(HealthyNode(), HealthPolicy())),
              ElementsAre("slots", "archiver", "rewind_readiness", "replication_settings"));
}

TEST(HealthStreaming, IsOkWhileMessagesComeIn) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "streaming"),
            Ok("streaming", "streaming from a, last message 2.0 s ago"));
}

TEST(HealthStreaming, IsOkWithoutTheNameOfTheUpstream) {
  NodeFacts node = HealthyStandby();
  node.upstream = "";

  EXPECT_EQ(HealthOf(node, "streaming"), Ok("streaming", "streaming, last message 2.0 s ago"));
}

TEST(HealthStreaming, IsCriticalWhenTheLinkIsSilent) {
  NodeFacts node = HealthyStandby();
  node.link_silent = true;
  node.since_heard = 75s;

  EXPECT_EQ(
      HealthOf(node, "streaming"),
      Critical("silent", "streaming from a, but the link is silent: last message 1 min 15 s ago",
               "Look at the network between the two hosts; the connection may be cut without "
               "either side having noticed."));
}

TEST(HealthStreaming, WarnsWhileWalComesFromTheArchive) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kFromArchive;
  node.since_heard.reset();

  EXPECT_EQ(HealthOf(node, "streaming"),
            Warning("from archive",
                    "WAL comes from the archive, not from the upstream; never heard from its "
                    "upstream",
                    "Check primary_conninfo and the server log if streaming is expected."));
}

TEST(HealthStreaming, IsCriticalWhenNoWalComesIn) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kNotReceiving;

  EXPECT_EQ(HealthOf(node, "streaming"),
            Critical("not receiving", "no WAL comes in from a; last message 2.0 s ago",
                     "See the server log for why the connection to the upstream fails; if the "
                     "primary is gone, see baton.promotion_check."));
}

TEST(HealthStreaming, IsUnknownUntilTheReceiverWasLookedAt) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kNone;

  EXPECT_EQ(HealthOf(node, "streaming"),
            Unknown("", "the state of the WAL receiver is not known yet"));
}

TEST(HealthReplayLag, IsOkWhenEverythingIsReplayed) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "replay_lag"),
            Ok("0 ms", "everything that the upstream had is replayed"));
}

TEST(HealthReplayLag, IsOkBelowTheThreshold) {
  NodeFacts node = HealthyStandby();
  node.replay_lag = 59s;

  EXPECT_EQ(HealthOf(node, "replay_lag"),
            Ok("59.0 s", "the oldest commit not replayed may be 59.0 s old"));
}

TEST(HealthReplayLag, WarnsFromTheThresholdOn) {
  NodeFacts node = HealthyStandby();
  node.replay_lag = 60s;

  EXPECT_EQ(HealthOf(node, "replay_lag"),
            Warning("1 min 00 s", "the oldest commit not replayed may be 1 min 00 s old",
                    "Replay is behind: look for long queries, a pause, or a slow disk."));
}

TEST(HealthReplayLag, IsCriticalFromTheSecondThresholdOnAndBlamesADeadLink) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kNotReceiving;
  node.replay_lag = 300s;

  EXPECT_EQ(HealthOf(node, "replay_lag"),
            Critical("5 min 00 s", "the oldest commit not replayed may be 5 min 00 s old",
                     "The link is down, so nothing newer can be known; see check streaming."));
}

TEST(HealthReplayLag, IsUnknownIfTheUpstreamWasNeverHeard) {
  NodeFacts node = HealthyStandby();
  node.replay_lag.reset();

  EXPECT_EQ(HealthOf(node, "replay_lag"), Unknown("", kNeverHeard));
}

TEST(HealthReplayLag, GivesItsNumbersToPrograms) {
  NodeFacts node = HealthyStandby();
  node.replay_lag = 1500ms;

  const Finding row = RowOf(node, "replay_lag");

  EXPECT_EQ(row.value_number, 1.5);
  EXPECT_EQ(row.unit.view(), "s");
  EXPECT_EQ(row.warning_at, 60);
  EXPECT_EQ(row.critical_at, 300);
  EXPECT_EQ(row.threshold.view(), "warning at 1 min 00 s, critical at 5 min 00 s");
}

TEST(HealthReplayLag, DoesNotNameAThresholdThatIsSwitchedOff) {
  HealthPolicy policy;

  policy.replay_lag = {-1, 300};
  auto row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "critical at 5 min 00 s");
  EXPECT_EQ(row.warning_at, std::nullopt);

  policy.replay_lag = {60, -1};
  row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "warning at 1 min 00 s");
  EXPECT_EQ(row.critical_at, std::nullopt);

  policy.replay_lag = {-1, -1};
  row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "");
}

NodeFacts StandbyBehindBy(std::int64_t bytes) {
  NodeFacts node = HealthyStandby();
  node.position.replayed = Lsn(0x3000000);
  node.position.upstream_end = Lsn(0x3000000 + static_cast<std::uint64_t>(bytes));
  return node;
}

TEST(HealthReplayLagBytes, IsOkBelowTheThreshold) {
  EXPECT_EQ(HealthOf(StandbyBehindBy(16 * kMegabyte), "replay_lag_bytes"),
            Ok("16 MB", "replayed 0/3000000 of 0/4000000 that the upstream had when last heard"));
}

TEST(HealthReplayLagBytes, WarnsFromTheThresholdOn) {
  EXPECT_EQ(
      HealthOf(StandbyBehindBy(256 * kMegabyte), "replay_lag_bytes"),
      Warning("256 MB", "replayed 0/3000000 of 0/13000000 that the upstream had when last heard",
              "Look at check streaming, and for long queries that hold up replay."));
}

TEST(HealthReplayLagBytes, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(
      HealthOf(StandbyBehindBy(kGigabyte), "replay_lag_bytes"),
      Critical("1.0 GB", "replayed 0/3000000 of 0/43000000 that the upstream had when last heard",
               "Look at check streaming, and for long queries that hold up replay."));
}

TEST(HealthReplayLagBytes, IsUnknownIfTheUpstreamWasNeverHeard) {
  NodeFacts node = HealthyStandby();
  node.position.upstream_end = Lsn();

  EXPECT_EQ(HealthOf(node, "replay_lag_bytes"), Unknown("", kNeverHeard));
}

TEST(HealthReplayLagBytes, GivesItsNumbersToPrograms) {
  const Finding row = RowOf(StandbyBehindBy(16 * kMegabyte), "replay_lag_bytes");

  EXPECT_EQ(row.value_number, static_cast<double>(16 * kMegabyte));
  EXPECT_EQ(row.unit.view(), "bytes");
  EXPECT_EQ(row.threshold.view(), "warning at 256 MB, critical at 1.0 GB");
}

TEST(HealthReplayPaused, IsOkWhileReplayRuns) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "replay_paused"), Ok("running", "replay is running"));
}

TEST(HealthReplayPaused, WarnsOfAPause) {
  NodeFacts node = HealthyStandby();
  node.replay = Replay::kPaused;

  EXPECT_EQ(HealthOf(node, "replay_paused"),
            Warning("paused", "replay is paused", "SELECT pg_wal_replay_resume() goes on."));
}

TEST(HealthReplayPaused, WarnsOfAPauseThatIsOnlyRequested) {
  NodeFacts node = HealthyStandby();
  node.replay = Replay::kPauseRequested;

  EXPECT_EQ(HealthOf(node, "replay_paused"),
            Warning("pause requested", "a pause of replay was requested",
                    "SELECT pg_wal_replay_resume() goes on."));
}

TEST(HealthReplayPaused, BlamesSettingsThatAreTooLow) {
  NodeFacts node = HealthyStandby();
  node.replay = Replay::kPaused;
  node.standby_settings.too_low = "max_connections 50 < 100";

  EXPECT_EQ(HealthOf(node, "replay_paused"),
            Warning("paused", "replay is paused",
                    "Replay paused because settings are lower than the primary's; see check "
                    "standby_settings."));
}

TEST(HealthStandbySettings, IsOkWhenNoneIsLower) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "standby_settings"),
            Ok("high enough", "no setting is lower than the primary's"));
}

TEST(HealthStandbySettings, IsCriticalWhenOneIsLower) {
  NodeFacts node = HealthyStandby();
  node.standby_settings.too_low = "max_connections 50 < 100";

  EXPECT_EQ(HealthOf(node, "standby_settings"),
            Critical("too low", "lower than on the primary: max_connections 50 < 100",
                     "Raise them here and restart this standby; until then replay pauses and "
                     "promotion is not possible."));
}

TEST(HealthStandbySettings, IsUnknownIfTheyCouldNotBeRead) {
  NodeFacts node = HealthyStandby();
  node.standby_settings.measured = false;

  EXPECT_EQ(HealthOf(node, "standby_settings"),
            Unknown("", "the primary's settings could not be read from the control file"));
}

TEST(HealthStandbys, IsOkWhenEveryOneStreams) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "standbys"),
            Ok("1 of 1", "every registered standby streams"));
}

TEST(HealthStandbys, WarnsWhenNoneIsRegistered) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 0;
  node.standbys_streaming = 0;

  EXPECT_EQ(HealthOf(node, "standbys"), Warning("0 of 0", "no standby is registered",
                                                "Make one: pg_baton clone, on the other host."));
}

TEST(HealthStandbys, WarnsWhenOneOfSeveralIsMissing) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 2;
  node.standbys_streaming = 1;
  node.standbys_missing = "c";

  EXPECT_EQ(HealthOf(node, "standbys"),
            Warning("1 of 2", "not streaming: c",
                    "See baton.standbys for the reason; a former primary comes back with pg_baton "
                    "rejoin."));
}

TEST(HealthStandbys, IsCriticalWhenAllAreMissing) {
  NodeFacts node = HealthyPrimary();
  node.standbys_expected = 2;
  node.standbys_streaming = 0;
  node.standbys_missing = "b, c";

  EXPECT_EQ(HealthOf(node, "standbys"),
            Critical("0 of 2", "not streaming: b, c",
                     "See baton.standbys for the reason; a former primary comes back with pg_baton "
                     "rejoin."));
}

TEST(HealthStandbys, IsUnknownWithoutTheRegistry) {
  NodeFacts node = HealthyPrimary();
  node.registry_readable = false;

  EXPECT_EQ(HealthOf(node, "standbys"),
            Unknown("", "there is no table baton.node in pg_baton.database",
                    "Run CREATE EXTENSION pg_baton in that database."));
  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"), std::nullopt);
}

TEST(HealthStandbys, GivesItsNumberToPrograms) {
  const Finding row = RowOf(HealthyPrimary(), "standbys");

  EXPECT_EQ(row.value_number, 1);
  EXPECT_EQ(row.unit.view(), "nodes");
}

TEST(HealthStandbyLagBytes, GivesNoRowIfNoStandbyIsThere) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes.reset();

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"), std::nullopt);
}

TEST(HealthStandbyLagBytes, IsOkBelowTheThreshold) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 256 * kMegabyte - 1;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Ok("256 MB", "the standby that is furthest behind lacks 256 MB of replay"));
}

TEST(HealthStandbyLagBytes, WarnsFromTheThresholdOn) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 256 * kMegabyte;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Warning("256 MB", "the standby that is furthest behind lacks 256 MB of replay",
                    "See baton.standbys for which one it is."));
}

TEST(HealthStandbyLagBytes, IsCriticalFromTheSecondThresholdOn) {
  NodeFacts node = HealthyPrimary();
  node.worst_standby_lag_bytes = 2 * kGigabyte;

  EXPECT_EQ(HealthOf(node, "standby_lag_bytes"),
            Critical("2.0 GB", "the standby that is furthest behind lacks 2.0 GB of replay",
                     "See baton.standbys for which one it is."));
}

NodeFacts PrimaryWithSlotHolding(std::int64_t bytes) {
  NodeFacts node = HealthyPrimary();
  node.slots.total = 2;
  node.slots.inactive = 1;
  node.slots.retained_bytes = bytes;
  node.slots.worst = "c";
  return node;
}

TEST(HealthSlots, IsOkWhenAllAreInUse) {
  NodeFacts node = HealthyPrimary();
  node.slots.total = 3;

  EXPECT_EQ(HealthOf(node, "slots"), Ok("0 B", "3 slots, all in use"));
}

TEST(HealthSlots, IsOkWhileAnIdleSlotHoldsLittle) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(16 * kMegabyte), "slots"),
            Ok("16 MB", "1 of 2 slots not in use; \"c\" holds back 16 MB of WAL"));
}

TEST(HealthSlots, WarnsWhenAnIdleSlotHoldsMuch) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(kGigabyte), "slots"),
            Warning("1.0 GB", "1 of 2 slots not in use; \"c\" holds back 1.0 GB of WAL",
                    "Bring its standby back, or drop the slot before the disk is full."));
}

TEST(HealthSlots, IsCriticalWhenAnIdleSlotMayFillTheDisk) {
  EXPECT_EQ(HealthOf(PrimaryWithSlotHolding(8 * kGigabyte), "slots"),
            Critical("8.0 GB", "1 of 2 slots not in use; \"c\" holds back 8.0 GB of WAL",
                     "Bring its standby back, or drop the slot before the disk is full."));
}

TEST(HealthSlots, IsCriticalWhenOneHasLostWal) {
  NodeFacts node = PrimaryWithSlotHolding(0);
  node.slots.lost = 1;

  EXPECT_EQ(HealthOf(node, "slots"),
            Critical("1 lost", "slot \"c\" has lost WAL that its standby needs",
                     "That standby has to be cloned again; then drop the slot."));
}

NodeFacts PrimaryWithFilesToArchive(std::int64_t files) {
  NodeFacts node = HealthyPrimary();
  node.archiver.ready_files = files;
  return node;
}

constexpr const char* kSeeArchiver =
    "See pg_stat_archiver and the server log for what the command said.";

TEST(HealthArchiver, IsOkWhenTheServerArchivesNothing) {
  NodeFacts node = HealthyPrimary();
  node.archiver.enabled = false;

  EXPECT_EQ(HealthOf(node, "archiver"), Ok("off", "this server archives nothing now"));
}

TEST(HealthArchiver, IsCriticalWhenThereIsNothingToArchiveWith) {
  NodeFacts node = HealthyPrimary();
  node.archiver.configured = false;

  EXPECT_EQ(
      HealthOf(node, "archiver"),
      Critical("not configured", "archive_mode is on, but neither a command nor a library is set",
               "WAL piles up until archive_command or archive_library is set."));
}

TEST(HealthArchiver, IsOkWhileFewFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(15), "archiver"),
            Ok("15 files", "15 files wait to be archived"));
}

TEST(HealthArchiver, WarnsWhenManyFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(16), "archiver"),
            Warning("16 files", "16 files wait to be archived", kSeeArchiver));
}

TEST(HealthArchiver, IsCriticalWhenVeryManyFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(128), "archiver"),
            Critical("128 files", "128 files wait to be archived", kSeeArchiver));
}

TEST(HealthArchiver, WarnsOfAFailureHoweverFewFilesWait) {
  NodeFacts node = PrimaryWithFilesToArchive(1);
  node.archiver.failing = true;
  node.archiver.last_failed = "000000010000000000000003";

  EXPECT_EQ(HealthOf(node, "archiver"),
            Warning("1 files",
                    "archiving \"000000010000000000000003\" failed; 1 files wait to be archived",
                    kSeeArchiver));
}

TEST(HealthArchiver, StaysCriticalWhenItFailsToo) {
  NodeFacts node = PrimaryWithFilesToArchive(200);
  node.archiver.failing = true;
  node.archiver.last_failed = "000000010000000000000003";

  EXPECT_EQ(HealthOf(node, "archiver"),
            Critical("200 files",
                     "archiving \"000000010000000000000003\" failed; 200 files wait to be archived",
                     kSeeArchiver));
}

TEST(HealthArchiver, GivesItsNumbersToPrograms) {
  const Finding row = RowOf(PrimaryWithFilesToArchive(3), "archiver");

  EXPECT_EQ(row.value_number, 3);
  EXPECT_EQ(row.unit.view(), "files");
  EXPECT_EQ(row.threshold.view(), "warning at 16 files, critical at 128 files");
}

constexpr const char* kCloneWithoutRewind =
    "Without it a former primary has to be cloned again; pg_baton setup-primary sets it.";

TEST(HealthRewindReadiness, IsOkWithHintsOrChecksums) {
  NodeFacts node = HealthyPrimary();
  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Ok("wal_log_hints", "pg_rewind can bring this server back after a failover"));

  node.wal_log_hints = false;
  node.data_checksums = true;
  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Ok("data checksums", "pg_rewind can bring this server back after a failover"));
}

TEST(HealthRewindReadiness, WarnsWithoutHintsAndChecksums) {
  NodeFacts node = HealthyPrimary();
  node.wal_log_hints = false;

  EXPECT_EQ(
      HealthOf(node, "rewind_readiness"),
      Warning("not ready", "neither wal_log_hints nor data checksums are on", kCloneWithoutRewind));
}

TEST(HealthRewindReadiness, WarnsWithoutFullPageWrites) {
  NodeFacts node = HealthyPrimary();
  node.full_page_writes = false;

  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Warning("not ready", "full_page_writes is off", kCloneWithoutRewind));
}

TEST(HealthReplicationSettings, IsOkWhenNothingIsMissing) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "replication_settings"),
            Ok("as wanted", "the settings allow standbys, rewind and promotion"));
}

TEST(HealthReplicationSettings, WarnsOfWhatIsMissing) {
  NodeFacts node = HealthyPrimary();
  node.settings_missing = "wal_level = replica, max_wal_senders = 10";

  EXPECT_EQ(HealthOf(node, "replication_settings"),
            Warning("to be changed", "wanted: wal_level = replica, max_wal_senders = 10",
                    "pg_baton setup-primary sets them; some need a restart."));
}

constexpr auto kInterval = 1s;

std::vector<Finding> OneGoodFinding() {
  Finding finding;
  finding.check_name = "replay_paused";
  finding.status = Status::kOk;
  finding.value = "running";
  finding.message = "replay is running";
  return {finding};
}

TEST(Aged, LeavesFreshFindingsAsTheyAre) {
  const auto findings = Aged(OneGoodFinding(), 3s, kInterval);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"), Ok("running", "replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"), Ok("3.0 s", "the monitor is at work"));
}

TEST(Aged, GivesTheAgeOfFreshFindingsToPrograms) {
  const Finding row = RowOf(Aged({}, 1500ms, kInterval), "monitor").value();

  EXPECT_EQ(row.value_number, 1.5);
  EXPECT_EQ(row.unit.view(), "s");
}

TEST(Aged, TrustsNothingThatIsOlderThanThreeIntervals) {
  const auto findings = Aged(OneGoodFinding(), 3s + 1us, kInterval);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"),
            Unknown("running", "not checked for 3.0 s; it was ok: replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"),
            Unknown("3.0 s", "the monitor has stopped looking",
                    "See the server log; is the database in pg_baton.database there?"));
}

TEST(Aged, KeepsTheHintOfAnOldFinding) {
  auto findings = OneGoodFinding();
  findings[0].status = Status::kWarning;
  findings[0].hint = "SELECT pg_wal_replay_resume() goes on.";

  EXPECT_EQ(VerdictOf(Aged(findings, 1h, kInterval), "replay_paused"),
            Unknown("running", "not checked for 1 h 00 min; it was warning: replay is running",
                    "SELECT pg_wal_replay_resume() goes on."));
}

TEST(Aged, TrustsNothingIfTheMonitorNeverLooked) {
  const auto findings = Aged(OneGoodFinding(), std::nullopt, kInterval);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"),
            Unknown("running", "not checked; it was ok: replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"),
            Unknown("", "the monitor has not looked yet",
                    "See the server log; is the database in pg_baton.database there?"));
}

}  // namespace
}  // namespace baton::core
