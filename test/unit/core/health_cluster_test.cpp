#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

NodeFacts NodeWaitingForRestart(std::int32_t count, std::string_view names) {
  NodeFacts node = HealthyNode();
  node.pending_restart = count;
  node.pending_names = names;
  return node;
}

TEST(HealthPendingRestart, IsOkWhenNothingWaits) {
  EXPECT_EQ(HealthOf(HealthyNode(), "pending_restart"),
            Ok("0", "no changed setting waits for a restart"));
}

TEST(HealthPendingRestart, WarnsFromTheFirstSettingOnAndIsNeverCritical) {
  EXPECT_EQ(HealthOf(NodeWaitingForRestart(1, "shared_buffers"), "pending_restart"),
            Warning("1", "changed, but not in effect: shared_buffers",
                    "Restart the server, or take the change back."));
  EXPECT_EQ(HealthOf(NodeWaitingForRestart(2, "shared_buffers, wal_level"), "pending_restart"),
            Warning("2", "changed, but not in effect: shared_buffers, wal_level",
                    "Restart the server, or take the change back."));
  EXPECT_EQ(StatusOf(NodeWaitingForRestart(100, "a, b, ..."), "pending_restart"), Status::kWarning);
}

TEST(HealthPendingRestart, MayBeAskedToWarnLater) {
  HealthPolicy policy;
  policy.Of(Check::kPendingRestart) = {2, -1};

  EXPECT_EQ(VerdictOf(EvaluateHealth(NodeWaitingForRestart(1, "shared_buffers"), policy),
                      "pending_restart"),
            Ok("1", "changed, but not in effect: shared_buffers"));
}

TEST(HealthPendingRestart, IsUnknownUntilTheSettingsWereRead) {
  EXPECT_EQ(HealthOf(NodeWaitingForRestart(-1, ""), "pending_restart"),
            Unknown("", "the settings have not been read yet"));
}

constexpr const char* kNotAsked = "the other nodes have not been asked lately";

NodeFacts NodeThatHeardNothing() {
  NodeFacts node = HealthyStandby();
  node.peers = {};
  return node;
}

TEST(HealthPeers, IsOkWhenEveryOneAnswers) {
  EXPECT_EQ(HealthOf(HealthyNode(), "peers"), Ok("1 of 1", "every other node answers"));
}

TEST(HealthPeers, IsOkWithoutAnyOther) {
  NodeFacts node = HealthyNode();
  node.peers = {};
  node.peers.measured = true;

  EXPECT_EQ(HealthOf(node, "peers"), Ok("0 of 0", "no other node is registered"));
}

TEST(HealthPeers, WarnsOfThoseThatAreSilent) {
  constexpr const char* kHint = "See baton.cluster for why, and what the others see.";
  NodeFacts node = HealthyNode();
  node.peers.registered = 2;
  node.peers.silent = "c (connection refused)";
  EXPECT_EQ(HealthOf(node, "peers"),
            Warning("1 of 2", "no answer from c (connection refused)", kHint));

  node.peers.reachable = 0;
  node.peers.silent = "b (timeout expired), c (connection refused)";
  EXPECT_EQ(HealthOf(node, "peers"),
            Warning("0 of 2", "no answer from b (timeout expired), c (connection refused)", kHint));
}

TEST(HealthPeers, GivesItsNumberToPrograms) {
  const Finding row = RowOf(HealthyNode(), "peers");

  EXPECT_EQ(row.value_number, 1);
  EXPECT_EQ(row.unit.view(), "nodes");
}

TEST(HealthPeers, IsUnknownIfTheyWereNotAskedLately) {
  EXPECT_EQ(HealthOf(NodeThatHeardNothing(), "peers"), Unknown("", kNotAsked));
  EXPECT_EQ(RowOf(NodeThatHeardNothing(), "peers").value_number, std::nullopt);
}

TEST(HealthOtherPrimaries, IsOkWhenThereIsOneAtMost) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "other_primaries"),
            Ok("none", "no other node answers as primary"));
  EXPECT_EQ(HealthOf(HealthyStandby(), "other_primaries"),
            Ok("none", "at most one node answers as primary"));
  EXPECT_EQ(HealthOf(HealthyNode(), "other_primaries"),
            Ok("none", "at most one node answers as primary"));
}

TEST(HealthOtherPrimaries, IsCriticalWhenThereAreMore) {
  constexpr const char* kHint =
      "Stop the one that should not be it at once, then run pg_baton rejoin there; what was "
      "written on it after the fork is not on the other.";
  NodeFacts node = HealthyPrimary();
  node.peers.other_primaries = "b, c";
  node.peers.other_primaries_count = 2;
  EXPECT_EQ(HealthOf(node, "other_primaries"),
            Critical("b, c", "this node is not the only primary; also b, c", kHint));

  node.role = Role::kStandby;
  EXPECT_EQ(HealthOf(node, "other_primaries"),
            Critical("b, c", "more than one node is a primary: b, c", kHint));
}

TEST(HealthOtherPrimaries, GivesItsNumberToPrograms) {
  NodeFacts node = HealthyPrimary();
  EXPECT_EQ(RowOf(node, "other_primaries").value_number, 0);
  EXPECT_EQ(RowOf(node, "other_primaries").unit.view(), "nodes");

  node.peers.other_primaries_count = 2;
  EXPECT_EQ(RowOf(node, "other_primaries").value_number, 2);
}

TEST(HealthOtherPrimaries, IsUnknownIfTheOthersWereNotAskedLately) {
  EXPECT_EQ(HealthOf(NodeThatHeardNothing(), "other_primaries"), Unknown("", kNotAsked));
}

NodeFacts NodeWithClockOff(std::chrono::microseconds difference) {
  NodeFacts node = HealthyNode();
  node.peers.clock_difference = difference;
  node.peers.clock_node = "c";
  return node;
}

constexpr const char* kKeepTime =
    "Let both hosts keep time by NTP. Nothing here is decided by the clock, but times in logs and "
    "recovery targets depend on it.";

TEST(HealthClockDifference, IsOkWhileItIsSmall) {
  EXPECT_EQ(HealthOf(NodeWithClockOff(3ms), "clock_difference"),
            Ok("3 ms", "the clock of c and this one differ by 3 ms"));
  EXPECT_EQ(StatusOf(NodeWithClockOff(2s - 1us), "clock_difference"), Status::kOk);
}

TEST(HealthClockDifference, WarnsFromTheThresholdOn) {
  EXPECT_EQ(HealthOf(NodeWithClockOff(2s), "clock_difference"),
            Warning("2.0 s", "the clock of c and this one differ by 2.0 s", kKeepTime));
  EXPECT_EQ(StatusOf(NodeWithClockOff(30s - 1us), "clock_difference"), Status::kWarning);
}

TEST(HealthClockDifference, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(HealthOf(NodeWithClockOff(30s), "clock_difference"),
            Critical("30.0 s", "the clock of c and this one differ by 30.0 s", kKeepTime));
}

TEST(HealthClockDifference, GivesNoRowIfNobodyToldTheTime) {
  EXPECT_EQ(HealthOf(NodeThatHeardNothing(), "clock_difference"), std::nullopt);

  NodeFacts node = NodeWithClockOff(1h);
  node.peers.clock_measured = false;
  EXPECT_EQ(HealthOf(node, "clock_difference"), std::nullopt);

  node = NodeWithClockOff(1h);
  node.peers.measured = false;
  EXPECT_EQ(HealthOf(node, "clock_difference"), std::nullopt);
}

TEST(HealthVersion, IsOkWhenAllAreAlike) {
  EXPECT_EQ(HealthOf(HealthyNode(), "version"),
            Ok("alike", "every node that answers runs the same PostgreSQL"));
}

TEST(HealthVersion, WarnsOfThoseThatDiffer) {
  NodeFacts node = HealthyNode();
  node.peers.versions = "b (PostgreSQL 17.2), c (PostgreSQL 17.3, aarch64)";

  EXPECT_EQ(
      HealthOf(node, "version"),
      Warning("different", "not as on this node: b (PostgreSQL 17.2), c (PostgreSQL 17.3, aarch64)",
              "Minor versions may differ while servers are patched, standbys first; other "
              "differences should not last."));
}

TEST(HealthVersion, GivesNoRowIfNobodyAnswers) {
  EXPECT_EQ(HealthOf(NodeThatHeardNothing(), "version"), std::nullopt);

  NodeFacts node = HealthyNode();
  node.peers.reachable = 0;
  EXPECT_EQ(HealthOf(node, "version"), std::nullopt);
}

constexpr const char* kIndexesMayMissRows =
    "Indexes on text may miss rows and let duplicates in. Let the hosts have the same system "
    "libraries, or REINDEX on the primary and then ALTER DATABASE ... REFRESH COLLATION VERSION.";

TEST(HealthCollationVersion, IsOkWhenItIsAsRecorded) {
  EXPECT_EQ(HealthOf(HealthyNode(), "collation_version"),
            Ok("as recorded", "text is sorted as when the indexes were built"));
}

TEST(HealthCollationVersion, IsCriticalWhenThisSystemSortsOtherwise) {
  NodeFacts node = HealthyNode();
  node.collation.differing = "database app 2.31, here 2.36";
  node.peers.collations = "b has 2.31, this node 2.36";

  EXPECT_EQ(HealthOf(node, "collation_version"),
            Critical("different",
                     "this system sorts otherwise than when the indexes were built: database app "
                     "2.31, here 2.36",
                     kIndexesMayMissRows));
}

TEST(HealthCollationVersion, WarnsWhenAnotherSystemSortsOtherwise) {
  NodeFacts node = HealthyNode();
  node.peers.collations = "b has 2.31, this node 2.36";

  EXPECT_EQ(HealthOf(node, "collation_version"),
            Warning("different", "the system libraries differ: b has 2.31, this node 2.36",
                    kIndexesMayMissRows));
}

TEST(HealthCollationVersion, IsUnknownUntilItWasCompared) {
  NodeFacts node = HealthyNode();
  node.collation.measured = false;

  EXPECT_EQ(HealthOf(node, "collation_version"),
            Unknown("", "collation versions have not been compared yet"));
}

constexpr const char* kCloneWithoutRewind =
    "Without it a former primary has to be cloned again; pg_baton setup-primary sets it.";

TEST(HealthRewindReadiness, IsOkWithHintsOrChecksums) {
  NodeFacts node = HealthyPrimary();
  node.data_checksums = false;
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
  node.data_checksums = false;

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

TEST(HealthRewindReadiness, WarnsWithoutTheRoleThatRewindComesAs) {
  NodeFacts node = HealthyPrimary();
  node.grants.role_exists = false;

  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Warning("not ready", "there is no role baton_node", kCloneWithoutRewind));
}

TEST(HealthRewindReadiness, WarnsOfFunctionsThatTheRoleMayNotExecute) {
  NodeFacts node = HealthyPrimary();
  node.grants.missing = "pg_ls_dir, pg_stat_file";

  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Warning("not ready", "role baton_node may not execute pg_ls_dir, pg_stat_file",
                    kCloneWithoutRewind));
}

TEST(HealthRewindReadiness, JudgesNoGrantsThatWereNotRead) {
  NodeFacts node = HealthyPrimary();
  node.grants = {};

  EXPECT_EQ(HealthOf(node, "rewind_readiness"),
            Ok("data checksums", "pg_rewind can bring this server back after a failover"));
}

TEST(HealthRewindReadiness, TellsWhatIsLackingOneAfterTheOther) {
  NodeFacts node = HealthyPrimary();
  node.wal_log_hints = false;
  node.data_checksums = false;
  node.full_page_writes = false;
  node.grants.role_exists = false;
  node.grants.missing = "pg_ls_dir";
  const auto why = [&] { return HealthOf(node, "rewind_readiness")->message; };

  EXPECT_EQ(why(), "neither wal_log_hints nor data checksums are on");
  node.wal_log_hints = true;
  EXPECT_EQ(why(), "full_page_writes is off");
  node.full_page_writes = true;
  EXPECT_EQ(why(), "there is no role baton_node");
  node.grants.role_exists = true;
  EXPECT_EQ(why(), "role baton_node may not execute pg_ls_dir");
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
                    "See baton.settings_check for why; pg_baton setup-primary sets them, and some "
                    "need a restart."));
}

TEST(HealthSettingsDrift, IsOkWhenTheyAreAlike) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "settings_drift"),
            Ok("alike", "the settings that should be alike are as on the primary"));
}

TEST(HealthSettingsDrift, WarnsOfWhatDiffers) {
  NodeFacts node = HealthyStandby();
  node.peers.drift = "work_mem 4MB, primary 64MB";

  EXPECT_EQ(HealthOf(node, "settings_drift"),
            Warning("different", "not as on the primary: work_mem 4MB, primary 64MB",
                    "After a promotion this server would run with its own; make them alike, or "
                    "see baton.settings_check for which matter."));
}

TEST(HealthSettingsDrift, IsUnknownIfThoseOfThePrimaryAre) {
  NodeFacts node = HealthyStandby();
  node.peers.settings_measured = false;

  EXPECT_EQ(HealthOf(node, "settings_drift"), Unknown("", "the primary's settings are not known"));
}

TEST(HealthSettingsDrift, GivesNoRowButOnAStandby) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "settings_drift"), std::nullopt);
  EXPECT_EQ(HealthOf(HealthyNode(), "settings_drift"), std::nullopt);
}

}  // namespace
}  // namespace baton::core
