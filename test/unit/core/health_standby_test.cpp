#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNeverHeard = "this standby has never heard from its upstream";

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

TEST(HealthStreaming, SaysHowLongAgoTheArchiveGaveTheLast) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kFromArchive;

  EXPECT_EQ(HealthOf(node, "streaming"),
            Warning("from archive",
                    "WAL comes from the archive, not from the upstream; the last came 2.0 s ago",
                    "Check primary_conninfo and the server log if streaming is expected."));
}

TEST(HealthStreaming, WarnsWhileWalComesFromTheArchive) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kFromArchive;
  node.since_heard.reset();

  EXPECT_EQ(HealthOf(node, "streaming"),
            Warning("from archive", "WAL comes from the archive, not from the upstream",
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

TEST(HealthStreaming, NeedsNoNameOfTheUpstreamToSayThatNoWalComesIn) {
  NodeFacts node = HealthyStandby();
  node.link = Link::kNotReceiving;
  node.upstream = "";
  node.since_heard.reset();

  EXPECT_EQ(HealthOf(node, "streaming"),
            Critical("not receiving", "no WAL comes in; never heard from its upstream",
                     "See the server log for why the connection to the upstream fails; if the "
                     "primary is gone, see baton.promotion_check."));
}

TEST(HealthStreaming, GivesTheTimeSinceTheLastMessageToPrograms) {
  NodeFacts node = HealthyStandby();
  Finding row = RowOf(node, "streaming");
  EXPECT_EQ(row.value_number, 2);
  EXPECT_EQ(row.unit.view(), "s");
  EXPECT_EQ(row.threshold.view(), "");

  node.since_heard.reset();
  row = RowOf(node, "streaming");
  EXPECT_EQ(row.value_number, std::nullopt);
  EXPECT_EQ(row.unit.view(), "");
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

  policy.Of(Check::kReplayLag) = {-1, 300};
  auto row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "critical at 5 min 00 s");
  EXPECT_EQ(row.warning_at, std::nullopt);

  policy.Of(Check::kReplayLag) = {60, -1};
  row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "warning at 1 min 00 s");
  EXPECT_EQ(row.critical_at, std::nullopt);

  policy.Of(Check::kReplayLag) = {-1, -1};
  row = RowOf(EvaluateHealth(HealthyStandby(), policy), "replay_lag").value();
  EXPECT_EQ(row.threshold.view(), "");
}

TEST(HealthReplayLag, IsWarningUntilTheSecondThreshold) {
  NodeFacts node = HealthyStandby();
  node.replay_lag = 300s - 1us;
  EXPECT_EQ(StatusOf(node, "replay_lag"), Status::kWarning);

  node.replay_lag = 60s - 1us;
  EXPECT_EQ(StatusOf(node, "replay_lag"), Status::kOk);
}

TEST(HealthReplayLag, BlamesALinkThatIsSilent) {
  NodeFacts node = HealthyStandby();
  node.link_silent = true;
  node.replay_lag = 60s;

  EXPECT_EQ(HealthOf(node, "replay_lag"),
            Warning("1 min 00 s", "the oldest commit not replayed may be 1 min 00 s old",
                    "The link is down, so nothing newer can be known; see check streaming."));
}

TEST(HealthStandby, GivesNoRowOfAStandbyOnAPrimary) {
  for (const char* const check :
       {"streaming", "receive_lag_bytes", "replay_lag", "replay_lag_bytes", "replay_paused",
        "standby_settings", "recovery_conflicts", "timeline", "upstream", "hot_standby_feedback"}) {
    EXPECT_EQ(HealthOf(HealthyPrimary(), check), std::nullopt) << check;
    EXPECT_EQ(HealthOf(HealthyNode(), check), std::nullopt) << check;
  }
}

NodeFacts StandbyLacking(std::int64_t bytes) {
  NodeFacts node = HealthyStandby();
  node.position.received = Lsn(0x3000000);
  node.position.upstream_end = Lsn(0x3000000 + static_cast<std::uint64_t>(bytes));
  return node;
}

constexpr const char* kLookAtTheNetwork =
    "Look at check streaming, and at the network between the two hosts.";

TEST(HealthReceiveLagBytes, IsOkWhenEverythingIsReceived) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "receive_lag_bytes"),
            Ok("0 B", "received 0/3000060 of 0/3000060 that the upstream had when last heard"));
}

TEST(HealthReceiveLagBytes, IsOkWhenMoreIsReceivedThanWasHeardOf) {
  NodeFacts node = HealthyStandby();
  node.position.received = Lsn(0x4000000);

  EXPECT_EQ(HealthOf(node, "receive_lag_bytes"),
            Ok("0 B", "received 0/4000000 of 0/3000060 that the upstream had when last heard"));
}

TEST(HealthReceiveLagBytes, IsOkBelowTheThreshold) {
  EXPECT_EQ(HealthOf(StandbyLacking(256 * kMegabyte - 1), "receive_lag_bytes"),
            Ok("256 MB", "received 0/3000000 of 0/12FFFFFF that the upstream had when last heard"));
}

TEST(HealthReceiveLagBytes, WarnsFromTheThresholdOn) {
  EXPECT_EQ(
      HealthOf(StandbyLacking(256 * kMegabyte), "receive_lag_bytes"),
      Warning("256 MB", "received 0/3000000 of 0/13000000 that the upstream had when last heard",
              kLookAtTheNetwork));
  EXPECT_EQ(StatusOf(StandbyLacking(kGigabyte - 1), "receive_lag_bytes"), Status::kWarning);
}

TEST(HealthReceiveLagBytes, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(
      HealthOf(StandbyLacking(kGigabyte), "receive_lag_bytes"),
      Critical("1.0 GB", "received 0/3000000 of 0/43000000 that the upstream had when last heard",
               kLookAtTheNetwork));
}

TEST(HealthReceiveLagBytes, IsUnknownIfTheUpstreamWasNeverHeard) {
  NodeFacts node = HealthyStandby();
  node.position.upstream_end = Lsn();

  EXPECT_EQ(HealthOf(node, "receive_lag_bytes"), Unknown("", kNeverHeard));
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

TEST(HealthReplayLagBytes, ChangesAtTheThresholdItself) {
  EXPECT_EQ(StatusOf(StandbyBehindBy(256 * kMegabyte - 1), "replay_lag_bytes"), Status::kOk);
  EXPECT_EQ(StatusOf(StandbyBehindBy(kGigabyte - 1), "replay_lag_bytes"), Status::kWarning);
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

NodeFacts StandbyWithConflicts(std::int64_t count) {
  NodeFacts node = HealthyStandby();
  node.recent_conflicts = count;
  return node;
}

constexpr const char* kLetQueriesFinish =
    "See pg_stat_database_conflicts; hot_standby_feedback or a longer max_standby_streaming_delay "
    "lets queries finish, at a price.";

TEST(HealthRecoveryConflicts, IsOkWhileFewQueriesAreCancelled) {
  EXPECT_EQ(HealthOf(StandbyWithConflicts(0), "recovery_conflicts"),
            Ok("0", "0 queries were cancelled by replay within 5 minutes"));
  EXPECT_EQ(HealthOf(StandbyWithConflicts(1), "recovery_conflicts"),
            Ok("1", "1 query was cancelled by replay within 5 minutes"));
  EXPECT_EQ(HealthOf(StandbyWithConflicts(9), "recovery_conflicts"),
            Ok("9", "9 queries were cancelled by replay within 5 minutes"));
}

TEST(HealthRecoveryConflicts, WarnsFromTheThresholdOnAndIsNeverCritical) {
  EXPECT_EQ(
      HealthOf(StandbyWithConflicts(10), "recovery_conflicts"),
      Warning("10", "10 queries were cancelled by replay within 5 minutes", kLetQueriesFinish));
  EXPECT_EQ(StatusOf(StandbyWithConflicts(1'000'000), "recovery_conflicts"), Status::kWarning);
}

TEST(HealthRecoveryConflicts, IsCriticalIfAnAdministratorWantsThat) {
  HealthPolicy policy;
  policy.Of(Check::kRecoveryConflicts) = {10, 100};

  EXPECT_EQ(
      VerdictOf(EvaluateHealth(StandbyWithConflicts(100), policy), "recovery_conflicts"),
      Critical("100", "100 queries were cancelled by replay within 5 minutes", kLetQueriesFinish));
}

TEST(HealthRecoveryConflicts, IsUnknownUntilTheStatisticsWereRead) {
  NodeFacts node = HealthyStandby();
  node.recent_conflicts.reset();

  EXPECT_EQ(HealthOf(node, "recovery_conflicts"),
            Unknown("", "the statistics of conflicts have not been read yet"));
}

TEST(HealthTimeline, IsOkOnThatOfTheUpstream) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "timeline"), Ok("1", "on timeline 1, as its upstream"));
}

TEST(HealthTimeline, IsCriticalOnAnotherThanTheUpstream) {
  constexpr const char* kHint =
      "If it does not follow by itself, it has WAL that the upstream has not: run pg_baton rejoin, "
      "or "
      "clone it again.";
  NodeFacts node = HealthyStandby();
  node.peers.upstream_timeline = 2;
  EXPECT_EQ(HealthOf(node, "timeline"),
            Critical("1", "on timeline 1, but its upstream is on 2", kHint));

  node.position.timeline = 3;
  EXPECT_EQ(HealthOf(node, "timeline"),
            Critical("3", "on timeline 3, but its upstream is on 2", kHint));
}

TEST(HealthTimeline, IsCriticalWhileANewPrimaryCannotBeFollowed) {
  NodeFacts node = HealthyStandby();
  node.cannot_follow = "cannot follow b: d is a primary on timeline 2 too";
  node.cannot_follow_hint = "Stop one of them.";

  EXPECT_EQ(
      HealthOf(node, "timeline"),
      Critical("1", "cannot follow b: d is a primary on timeline 2 too", "Stop one of them."));
}

TEST(HealthTimeline, IsUnknownIfThatOfTheUpstreamIs) {
  const auto unknown = Unknown("1", "replay is on timeline 1; that of the upstream is not known");
  NodeFacts node = HealthyStandby();
  node.peers.upstream_timeline = 0;
  EXPECT_EQ(HealthOf(node, "timeline"), unknown);

  node.peers.upstream_timeline = 1;
  node.peers.measured = false;
  EXPECT_EQ(HealthOf(node, "timeline"), unknown);
}

TEST(HealthUpstream, IsOkWhileItAnswers) {
  EXPECT_EQ(HealthOf(HealthyStandby(), "upstream"), Ok("a", "a answers"));
}

TEST(HealthUpstream, IsCriticalWhenItDoesNotAnswer) {
  NodeFacts node = HealthyStandby();
  node.peers.upstream_reachable = false;
  node.peers.upstream_error = "connection refused";

  EXPECT_EQ(HealthOf(node, "upstream"),
            Critical("a", "a does not answer: connection refused",
                     "If the primary is gone, see baton.promotion_check."));
}

TEST(HealthUpstream, IsUnknownUntilItWasAsked) {
  NodeFacts node = HealthyStandby();
  node.peers.upstream_reachable = false;

  EXPECT_EQ(HealthOf(node, "upstream"), Unknown("a", "a has not been asked yet"));
}

TEST(HealthUpstream, IsUnknownIfTheOtherNodesWereNotAskedLately) {
  NodeFacts node = HealthyStandby();
  node.peers.measured = false;

  EXPECT_EQ(HealthOf(node, "upstream"), Unknown("a", "the other nodes have not been asked lately"));
}

TEST(HealthUpstream, IsUnknownIfItIsNoRegisteredNode) {
  constexpr const char* kHint = "SELECT baton.register_node(...) on the primary enters it.";
  NodeFacts node = HealthyStandby();
  node.peers.upstream_registered = false;
  node.upstream = "10.0.0.1:5432";
  EXPECT_EQ(
      HealthOf(node, "upstream"),
      Unknown("10.0.0.1:5432", "10.0.0.1:5432 is no registered node, so it was not asked", kHint));

  node.upstream = "";
  EXPECT_EQ(HealthOf(node, "upstream"),
            Unknown("", "the upstream is no registered node, so it was not asked", kHint));
}

TEST(HealthHotStandbyFeedback, IsOkEitherWayAndSaysWhatItMeans) {
  NodeFacts node = HealthyStandby();
  EXPECT_EQ(HealthOf(node, "hot_standby_feedback"),
            Ok("off", "queries here may be cancelled when the primary has removed rows"));

  node.hot_standby_feedback = true;
  EXPECT_EQ(HealthOf(node, "hot_standby_feedback"),
            Ok("on", "queries here keep the primary from removing rows they may need"));
}

}  // namespace
}  // namespace baton::core
