#include "core/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checks.hpp"
#include "test/unit/core/nodes.hpp"

namespace baton::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kFirstOfJune2026 =
    833'630'400'000'000;  // 2026-06-01 12:00 UTC, as TimestampTz

NodeFacts PrimaryFacts() {
  NodeFacts facts = HealthyNode();
  facts.role = Role::kPrimary;
  facts.position.timeline = 5;
  return facts;
}

MetricsInput PrimaryNamedA() {
  MetricsInput input;
  input.node_name = "a";
  input.server_version = "15.20";
  input.facts = PrimaryFacts();
  return input;
}

PeerRow StandbyThatAnswers() {
  PeerRow row;
  row.name = "b";
  row.asked = true;
  row.reachable = true;
  row.role = Role::kStandby;
  row.timeline = 5;
  row.replay_lag = std::chrono::milliseconds(1500);
  row.replay_lag_bytes = 4096;
  row.seen_at = kFirstOfJune2026;
  return row;
}

const std::string kPrimaryNamedA =
    "# HELP pg_baton_node_info This node, in the words of baton.node_status; always 1.\n"
    "# TYPE pg_baton_node_info gauge\n"
    "pg_baton_node_info{node=\"a\",role=\"primary\",state=\"writable\",server_version=\"15.20\"} "
    "1\n"
    "# HELP pg_baton_is_primary 1 if this node is a primary, 0 if a standby.\n"
    "# TYPE pg_baton_is_primary gauge\n"
    "pg_baton_is_primary 1\n"
    "# HELP pg_baton_timeline Timeline of this node.\n"
    "# TYPE pg_baton_timeline gauge\n"
    "pg_baton_timeline 5\n";

TEST(MetricsText, OfAPrimaryAloneTellsWhoItIs) {
  EXPECT_EQ(
      MetricsText(PrimaryNamedA()),
      kPrimaryNamedA +
          "# HELP pg_baton_node_up 1 if the registered node answers this one, 0 if not, or not"
          " asked yet.\n"
          "# TYPE pg_baton_node_up gauge\n"
          "pg_baton_node_up{node=\"a\"} 1\n"
          "# HELP pg_baton_node_is_primary 1 if the node says that it is a primary, 0 if a"
          " standby.\n"
          "# TYPE pg_baton_node_is_primary gauge\n"
          "pg_baton_node_is_primary{node=\"a\"} 1\n"
          "# HELP pg_baton_node_timeline Timeline of the node.\n"
          "# TYPE pg_baton_node_timeline gauge\n"
          "pg_baton_node_timeline{node=\"a\"} 5\n");
}

TEST(MetricsText, HasNoSampleOfWhatIsNotKnown) {
  EXPECT_EQ(
      MetricsText({}),
      "# HELP pg_baton_node_info This node, in the words of baton.node_status; always 1.\n"
      "# TYPE pg_baton_node_info gauge\n"
      "pg_baton_node_info{node=\"\",role=\"unknown\",state=\"unknown\",server_version=\"\"} 1\n");
}

TEST(MetricsText, HasStatusThresholdsAndNumberOfACheck) {
  MetricsInput input;
  input.facts = PrimaryFacts();
  input.findings = {
      Judged(Check::kSlots, Status::kCritical, "1 slot", "slot \"b\" is lost"),
      Measured(Check::kStandbyLag, 61.5, {60, 300}),
      Measured(Check::kPendingRestart, 0, {1, -1}),
      Judged(Check::kStorage, Status::kUnknown, "", "not measured yet"),
  };

  EXPECT_THAT(
      MetricsText(input),
      HasSubstr("# HELP pg_baton_check_status Status of a check of baton.health: 0 ok,"
                " 1 warning, 2 critical, 3 unknown.\n"
                "# TYPE pg_baton_check_status gauge\n"
                "pg_baton_check_status{check=\"slots\"} 2\n"
                "pg_baton_check_status{check=\"standby_lag\"} 1\n"
                "pg_baton_check_status{check=\"pending_restart\"} 0\n"
                "pg_baton_check_status{check=\"storage\"} 3\n"
                "# HELP pg_baton_check_warning_threshold From where on the check warns, in"
                " the unit of its number.\n"
                "# TYPE pg_baton_check_warning_threshold gauge\n"
                "pg_baton_check_warning_threshold{check=\"standby_lag\"} 60\n"
                "pg_baton_check_warning_threshold{check=\"pending_restart\"} 1\n"
                "# HELP pg_baton_check_critical_threshold From where on the check is"
                " critical, in the unit of its number.\n"
                "# TYPE pg_baton_check_critical_threshold gauge\n"
                "pg_baton_check_critical_threshold{check=\"standby_lag\"} 300\n"
                "# HELP pg_baton_standby_lag_seconds Age of the oldest commit here that some"
                " connected standby has not replayed.\n"
                "# TYPE pg_baton_standby_lag_seconds gauge\n"
                "pg_baton_standby_lag_seconds 61.5\n"
                "# HELP pg_baton_pending_restart Settings that were changed and wait for a"
                " restart.\n"
                "# TYPE pg_baton_pending_restart gauge\n"
                "pg_baton_pending_restart 0\n"));
}

TEST(MetricsText, GivesNoZeroForACheckThatCouldNotMeasure) {
  MetricsInput input;
  input.findings = {
      Judged(Check::kReplayLag, Status::kUnknown, "", "the upstream was never heard")};

  const std::string text = MetricsText(input);

  EXPECT_THAT(text, HasSubstr("pg_baton_check_status{check=\"replay_lag\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("pg_baton_replay_lag_seconds")));
}

TEST(MetricsText, HasARowForEachNodeThatAnswersThisOneFirst) {
  MetricsInput input = PrimaryNamedA();
  input.cluster = {StandbyThatAnswers()};

  EXPECT_EQ(
      MetricsText(input),
      kPrimaryNamedA +
          "# HELP pg_baton_node_up 1 if the registered node answers this one, 0 if not, or not"
          " asked yet.\n"
          "# TYPE pg_baton_node_up gauge\n"
          "pg_baton_node_up{node=\"a\"} 1\n"
          "pg_baton_node_up{node=\"b\"} 1\n"
          "# HELP pg_baton_node_last_seen_timestamp_seconds When the registered node answered"
          " this one last.\n"
          "# TYPE pg_baton_node_last_seen_timestamp_seconds gauge\n"
          "pg_baton_node_last_seen_timestamp_seconds{node=\"b\"} 1780315200\n"
          "# HELP pg_baton_node_is_primary 1 if the node says that it is a primary, 0 if a"
          " standby.\n"
          "# TYPE pg_baton_node_is_primary gauge\n"
          "pg_baton_node_is_primary{node=\"a\"} 1\n"
          "pg_baton_node_is_primary{node=\"b\"} 0\n"
          "# HELP pg_baton_node_timeline Timeline of the node.\n"
          "# TYPE pg_baton_node_timeline gauge\n"
          "pg_baton_node_timeline{node=\"a\"} 5\n"
          "pg_baton_node_timeline{node=\"b\"} 5\n"
          "# HELP pg_baton_node_replay_lag_seconds Age of the oldest commit that the node has"
          " not replayed.\n"
          "# TYPE pg_baton_node_replay_lag_seconds gauge\n"
          "pg_baton_node_replay_lag_seconds{node=\"b\"} 1.5\n"
          "# HELP pg_baton_node_replay_lag_bytes WAL of its upstream that the node has not"
          " replayed.\n"
          "# TYPE pg_baton_node_replay_lag_bytes gauge\n"
          "pg_baton_node_replay_lag_bytes{node=\"b\"} 4096\n");
}

TEST(MetricsText, OfANodeThatFellSilentSaysOnlyThatAndSinceWhen) {
  MetricsInput input;
  PeerRow row = StandbyThatAnswers();
  row.reachable = false;
  row.error = "connection refused";
  input.cluster = {row};

  const std::string text = MetricsText(input);

  EXPECT_THAT(text, HasSubstr("pg_baton_node_up{node=\"b\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("pg_baton_node_last_seen_timestamp_seconds{node=\"b\"} 1780315200\n"));
  EXPECT_THAT(text, Not(HasSubstr("pg_baton_node_is_primary")));
  EXPECT_THAT(text, Not(HasSubstr("pg_baton_node_timeline")));
  EXPECT_THAT(text, Not(HasSubstr("pg_baton_node_replay_lag")));
}

TEST(MetricsText, HasARowForANodeThatWasNeverSeen) {
  MetricsInput input;
  PeerRow row;
  row.name = "c";
  input.cluster = {row};

  const std::string text = MetricsText(input);

  EXPECT_THAT(text, HasSubstr("pg_baton_node_up{node=\"c\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("pg_baton_node_last_seen")));
}

TEST(MetricsText, CountsThisNodeOnceWhereTheRegistryHasItToo) {
  MetricsInput input = PrimaryNamedA();
  PeerRow row;
  row.name = "a";
  input.cluster = {row};

  EXPECT_EQ(MetricsText(input), MetricsText(PrimaryNamedA()));
}

TEST(MetricsText, OfAStandbyHasItsOwnLagAmongTheNodes) {
  MetricsInput input;
  input.node_name = "b";
  input.facts = HealthyNode();
  input.facts.role = Role::kStandby;
  input.facts.link = Link::kStreaming;
  input.facts.replay_lag = std::chrono::milliseconds(250);
  input.facts.position.upstream_end = Lsn(9000);
  input.facts.position.replayed = Lsn(1000);

  const std::string text = MetricsText(input);

  EXPECT_THAT(text, HasSubstr("role=\"standby\",state=\"streaming\""));
  EXPECT_THAT(text, HasSubstr("\npg_baton_is_primary 0\n"));
  EXPECT_THAT(text, HasSubstr("pg_baton_node_replay_lag_seconds{node=\"b\"} 0.25\n"));
  EXPECT_THAT(text, HasSubstr("pg_baton_node_replay_lag_bytes{node=\"b\"} 8000\n"));
}

TEST(MetricsText, HasStandbysThatAreConnectedAndThoseThatAreNot) {
  MetricsInput input;
  StandbyRow streams;
  streams.name = "b";
  streams.connected = true;
  streams.replay_lag = std::chrono::seconds(2);
  streams.replay_lag_bytes = 16 * kMegabyte;
  StandbyRow away;
  away.name = "c";
  away.registered = true;
  input.standbys = {streams, away};

  EXPECT_THAT(MetricsText(input),
              HasSubstr("# HELP pg_baton_standby_connected 1 if the standby is connected to this"
                        " node, 0 if it is registered only.\n"
                        "# TYPE pg_baton_standby_connected gauge\n"
                        "pg_baton_standby_connected{standby=\"b\"} 1\n"
                        "pg_baton_standby_connected{standby=\"c\"} 0\n"
                        "# HELP pg_baton_standby_replay_lag_seconds Age of the oldest commit here"
                        " that the standby has not replayed.\n"
                        "# TYPE pg_baton_standby_replay_lag_seconds gauge\n"
                        "pg_baton_standby_replay_lag_seconds{standby=\"b\"} 2\n"
                        "# HELP pg_baton_standby_replay_lag_bytes WAL of this node that the standby"
                        " has not replayed.\n"
                        "# TYPE pg_baton_standby_replay_lag_bytes gauge\n"
                        "pg_baton_standby_replay_lag_bytes{standby=\"b\"} 16777216\n"));
}

TEST(MetricsText, HasEachSlotWithWhatItHoldsBackAndItsStatusInWords) {
  MetricsInput input;
  SlotRow used;
  used.slot_name = "b";
  used.active = true;
  used.wal_status = "reserved";
  used.retained_bytes = 0;
  used.safe_bytes = kGigabyte;
  SlotRow lost;
  lost.slot_name = "c";
  lost.lost = true;
  SlotRow unknown;
  unknown.slot_name = "d";
  input.slots = {used, lost, unknown};

  EXPECT_THAT(MetricsText(input),
              HasSubstr("# HELP pg_baton_slot_active 1 if the replication slot is in use, 0 if"
                        " not.\n"
                        "# TYPE pg_baton_slot_active gauge\n"
                        "pg_baton_slot_active{slot=\"b\"} 1\n"
                        "pg_baton_slot_active{slot=\"c\"} 0\n"
                        "pg_baton_slot_active{slot=\"d\"} 0\n"
                        "# HELP pg_baton_slot_retained_bytes WAL that the slot holds back.\n"
                        "# TYPE pg_baton_slot_retained_bytes gauge\n"
                        "pg_baton_slot_retained_bytes{slot=\"b\"} 0\n"
                        "# HELP pg_baton_slot_safe_bytes WAL that can be written before the slot is"
                        " in danger of losing some.\n"
                        "# TYPE pg_baton_slot_safe_bytes gauge\n"
                        "pg_baton_slot_safe_bytes{slot=\"b\"} 1073741824\n"
                        "# HELP pg_baton_slot_status The slot's wal_status, in words; always 1.\n"
                        "# TYPE pg_baton_slot_status gauge\n"
                        "pg_baton_slot_status{slot=\"b\",status=\"reserved\"} 1\n"
                        "pg_baton_slot_status{slot=\"c\",status=\"lost\"} 1\n"));
}

TEST(MetricsText, AnOpenGateHasNoReasonToBeClosed) {
  MetricsInput input = PrimaryNamedA();
  input.gate = 0;

  EXPECT_THAT(MetricsText(input), HasSubstr("\npg_baton_gate_open 1\n"));
  EXPECT_THAT(MetricsText(input),
              HasSubstr("\npg_baton_gate_closed_reason{reason=\"fenced by hand\"} 0\n"));
  EXPECT_THAT(MetricsText(input), HasSubstr("{reason=\"quarantine\"} 0\n"));
}

TEST(MetricsText, AClosedGateHasEachOfItsReasons) {
  MetricsInput input = PrimaryNamedA();
  input.gate = static_cast<GateReasons>(GateReason::kQuarantine) |
               static_cast<GateReasons>(GateReason::kIsolated);

  EXPECT_THAT(MetricsText(input), HasSubstr("\npg_baton_gate_open 0\n"));
  EXPECT_THAT(MetricsText(input), HasSubstr("{reason=\"quarantine\"} 1\n"));
  EXPECT_THAT(MetricsText(input), HasSubstr("{reason=\"isolated\"} 1\n"));
  EXPECT_THAT(MetricsText(input), HasSubstr("{reason=\"another primary\"} 0\n"));
}

TEST(MetricsText, AGateThatIsNotKnownHasNoSample) {
  EXPECT_THAT(MetricsText(PrimaryNamedA()), Not(HasSubstr("pg_baton_gate")));
}

}  // namespace
}  // namespace baton::core
