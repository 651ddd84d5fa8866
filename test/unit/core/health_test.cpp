#include "core/health.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

TEST(Health, OfAStandbyWithoutFaultIsOkInEveryCheckOfAStandby) {
  const auto findings = EvaluateHealth(HealthyStandby(), HealthPolicy());

  EXPECT_THAT(
      ChecksOf(findings),
      ElementsAre("write_gate", "streaming", "receive_lag_bytes", "replay_lag", "replay_lag_bytes",
                  "replay_paused", "standby_settings", "recovery_conflicts", "timeline", "upstream",
                  "hot_standby_feedback", "free_wal_senders", "free_replication_slots", "slots",
                  "slot_retained", "wal_space", "wal_full_in", "disk_space", "storage", "archiver",
                  "checksum_failures", "pending_restart", "peers", "other_primaries",
                  "clock_difference", "version", "collation_version", "rewind_readiness",
                  "replication_settings", "settings_drift"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Health, OfAPrimaryWithoutFaultIsOkInEveryCheckOfAPrimary) {
  const auto findings = EvaluateHealth(HealthyPrimary(), HealthPolicy());

  EXPECT_THAT(
      ChecksOf(findings),
      ElementsAre("write_gate", "standbys", "standby_lag", "standby_lag_bytes", "sync_standbys",
                  "free_wal_senders", "free_replication_slots", "slots", "slot_retained",
                  "xmin_age", "wal_space", "wal_full_in", "disk_space", "storage", "archiver",
                  "archive_backlog", "archive_age", "archive_gap", "checksum_failures",
                  "pending_restart", "peers", "other_primaries", "clock_difference", "version",
                  "collation_version", "rewind_readiness", "replication_settings"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Health, OfANodeWithoutARoleLeavesOutWhatDependsOnIt) {
  EXPECT_THAT(ChecksOf(EvaluateHealth(HealthyNode(), HealthPolicy())),
              ElementsAre("write_gate", "free_wal_senders", "free_replication_slots", "slots",
                          "slot_retained", "wal_space", "wal_full_in", "disk_space", "storage",
                          "archiver", "checksum_failures", "pending_restart", "peers",
                          "other_primaries", "clock_difference", "version", "collation_version",
                          "rewind_readiness", "replication_settings"));
}

// What a good node says needs no advice.
TEST(Health, GivesNoHintWithWhatIsOk) {
  for (const NodeFacts& node : {HealthyNode(), HealthyStandby(), HealthyPrimary()}) {
    for (const Finding& finding : EvaluateHealth(node, HealthPolicy())) {
      EXPECT_EQ(finding.hint.view(), "") << finding.check_name.view();
    }
  }
}

TEST(Health, GivesTheRowsInTheOrderOfTheTable) {
  for (const NodeFacts& node : {HealthyNode(), HealthyStandby(), HealthyPrimary()}) {
    std::vector<std::string> in_table;
    const auto rows = ChecksOf(EvaluateHealth(node, HealthPolicy()));
    for (const CheckInfo& info : Checks()) {
      if (std::find(rows.begin(), rows.end(), info.name) != rows.end()) {
        in_table.emplace_back(info.name);
      }
    }

    EXPECT_EQ(rows, in_table);
  }
}

// A node on which every check that has a threshold gives a number.
NodeFacts NodeFor(const CheckInfo& info) {
  const bool of_standby = RowOf(EvaluateHealth(HealthyStandby(), HealthPolicy()), info.name)
                              .value_or(Finding())
                              .value_number.has_value();
  return of_standby ? HealthyStandby() : HealthyPrimary();
}

TEST(HealthPolicy, IsAsInTheTableUntilSettingsSayOtherwise) {
  const HealthPolicy policy;

  for (const CheckInfo& info : Checks()) {
    EXPECT_EQ(policy.Of(info.check).warning, info.usual.warning) << info.name;
    EXPECT_EQ(policy.Of(info.check).critical, info.usual.critical) << info.name;
  }
  EXPECT_EQ(policy.Of(Check::kReplayLag).warning, 60);
  EXPECT_EQ(policy.Of(Check::kReplayLag).critical, 300);
}

TEST(HealthPolicy, OfACheckIsUsedByThatCheckAlone) {
  for (const CheckInfo& info : Checks()) {
    if (!HasThreshold(info)) continue;
    HealthPolicy policy;
    policy.Of(info.check) = {-1, info.worse == Worse::kHigher ? 0 : 1e18};

    for (const Finding& finding : EvaluateHealth(NodeFor(info), policy)) {
      EXPECT_EQ(finding.status,
                finding.check_name.view() == info.name ? Status::kCritical : Status::kOk)
          << finding.check_name.view() << " by the threshold of " << info.name;
    }
  }
}

TEST(HealthPolicy, IsShownWithEachNumberToPrograms) {
  const auto on = [](double limit) { return limit >= 0 ? std::optional(limit) : std::nullopt; };
  for (const CheckInfo& info : Checks()) {
    if (!HasThreshold(info)) continue;

    const Finding row = RowOf(NodeFor(info), info.name);

    EXPECT_TRUE(row.value_number.has_value()) << info.name;
    EXPECT_EQ(row.unit.view(), UnitText(info.unit)) << info.name;
    EXPECT_EQ(row.warning_at, on(info.usual.warning)) << info.name;
    EXPECT_EQ(row.critical_at, on(info.usual.critical)) << info.name;
  }
}

TEST(HealthPolicy, SwitchedOffMakesNothingBad) {
  HealthPolicy policy;
  policy.Of(Check::kReplayLag) = {-1, -1};
  policy.Of(Check::kWalSpace) = {-1, -1};
  NodeFacts node = HealthyStandby();
  node.replay_lag = 1000h;
  node.storage.wal.free_bytes = 0;

  EXPECT_THAT(EvaluateHealth(node, policy), Each(Field(&Finding::status, Status::kOk)));
}

std::vector<Finding> OneGoodFinding() {
  Finding finding;
  finding.check_name = "replay_paused";
  finding.status = Status::kOk;
  finding.value = "running";
  finding.message = "replay is running";
  finding.since = 7;
  return {finding};
}

constexpr Heartbeat kAtWork{1s, 3s};
constexpr const char* kLookAtTheLog =
    "See the server log; is the database in pg_baton.database there?";

TEST(Aged, LeavesFreshFindingsAsTheyAre) {
  const auto findings = Aged(OneGoodFinding(), {3s, 3s}, kAtWork);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"), Ok("running", "replay is running"));
  EXPECT_EQ(RowOf(findings, "replay_paused")->since, 7);
  EXPECT_EQ(VerdictOf(findings, "monitor"), Ok("3.0 s", "the monitor is at work"));
  EXPECT_EQ(VerdictOf(findings, "observer"), Ok("1.0 s", "the observer is at work"));
}

TEST(Aged, GivesTheAgeOfFreshFindingsToPrograms) {
  const auto findings = Aged({}, {1500ms, 3s}, {2500ms, 30s});

  const Finding monitor = RowOf(findings, "monitor").value();
  EXPECT_EQ(monitor.value_number, 1.5);
  EXPECT_EQ(monitor.unit.view(), "s");
  const Finding observer = RowOf(findings, "observer").value();
  EXPECT_EQ(observer.value_number, 2.5);
  EXPECT_EQ(observer.unit.view(), "s");
}

TEST(Aged, AddsTheWorkersAfterTheOthers) {
  EXPECT_THAT(ChecksOf(Aged(OneGoodFinding(), kAtWork, kAtWork)),
              ElementsAre("replay_paused", "monitor", "observer"));
  EXPECT_THAT(ChecksOf(Aged({}, {}, {})), ElementsAre("monitor", "observer"));
}

TEST(Aged, TrustsNothingThatIsOlderThanAllowed) {
  const auto findings = Aged(OneGoodFinding(), {3s + 1us, 3s}, kAtWork);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"),
            Unknown("running", "not checked for 3.0 s; it was ok: replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"),
            Unknown("3.0 s", "the monitor has stopped looking", kLookAtTheLog));
  EXPECT_EQ(RowOf(findings, "monitor")->value_number, 3.000001);
}

TEST(Aged, KeepsTheHintOfAnOldFinding) {
  auto findings = OneGoodFinding();
  findings[0].status = Status::kWarning;
  findings[0].hint = "SELECT pg_wal_replay_resume() goes on.";

  EXPECT_EQ(VerdictOf(Aged(findings, {1h, 3s}, kAtWork), "replay_paused"),
            Unknown("running", "not checked for 1 h 00 min; it was warning: replay is running",
                    "SELECT pg_wal_replay_resume() goes on."));
}

TEST(Aged, DoesNotKnowSinceWhenAnOldFindingIsUnknownUnlessItWas) {
  auto findings = OneGoodFinding();
  EXPECT_EQ(RowOf(Aged(findings, {1h, 3s}, kAtWork), "replay_paused")->since, 0);

  findings[0].status = Status::kUnknown;
  EXPECT_EQ(RowOf(Aged(findings, {1h, 3s}, kAtWork), "replay_paused")->since, 7);
}

TEST(Aged, TrustsNothingIfTheMonitorNeverLooked) {
  const auto findings = Aged(OneGoodFinding(), {std::nullopt, 3s}, kAtWork);

  EXPECT_EQ(VerdictOf(findings, "replay_paused"),
            Unknown("running", "not checked; it was ok: replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"),
            Unknown("", "the monitor has not looked yet", kLookAtTheLog));
  EXPECT_EQ(RowOf(findings, "monitor")->value_number, std::nullopt);
  EXPECT_EQ(RowOf(findings, "monitor")->unit.view(), "");
}

TEST(Aged, SaysThatTheObserverIsSilentAndTrustsWhatTheMonitorFound) {
  auto findings = Aged(OneGoodFinding(), kAtWork, {31s, 30s});
  EXPECT_EQ(VerdictOf(findings, "replay_paused"), Ok("running", "replay is running"));
  EXPECT_EQ(VerdictOf(findings, "monitor"), Ok("1.0 s", "the monitor is at work"));
  EXPECT_EQ(VerdictOf(findings, "observer"),
            Unknown("31.0 s", "the observer has stopped looking", kLookAtTheLog));

  findings = Aged(OneGoodFinding(), kAtWork, {std::nullopt, 30s});
  EXPECT_EQ(VerdictOf(findings, "observer"),
            Unknown("", "the observer has not looked yet", kLookAtTheLog));
}

}  // namespace
}  // namespace baton::core
