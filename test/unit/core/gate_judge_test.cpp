#include "core/gate_judge.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using Quarantine = GateJudgement::Quarantine;

constexpr Instant kStarted = 1h;

PeerRow Peer(std::string_view name) {
  PeerRow row;
  row.name = name;
  return row;
}

PeerRow Standby(std::string_view name, TimelineId timeline, Instant asked_at) {
  PeerRow row = Peer(name);
  row.reachable = true;
  row.role = Role::kStandby;
  row.timeline = timeline;
  row.seen_at = 1;
  row.asked_at = asked_at;
  return row;
}

PeerRow Primary(std::string_view name, TimelineId timeline, std::uint64_t reign, Instant asked_at) {
  PeerRow row = Standby(name, timeline, asked_at);
  row.role = Role::kPrimary;
  row.reign = {reign, timeline, {}};
  row.primary = name;
  row.primary_timeline = timeline;
  return row;
}

// A primary on timeline 2, reign 20, one second after its start.
class GateJudge : public testing::Test {
 protected:
  GateJudge() {
    around_.role = Role::kPrimary;
    around_.timeline = 2;
    around_.reign = {20, 2, {}};
    around_.registry_known = true;
    around_.reasons = static_cast<GateReasons>(GateReason::kQuarantine);
    around_.started = kStarted;
    around_.counts_from = kStarted;
    around_.now = kStarted + 1s;
    around_.quarantine_timeout = 30s;
    around_.isolation_timeout = 10s;
  }

  GateJudgement Judge() const { return JudgeGate(around_); }

  Surroundings around_;
};

TEST_F(GateJudge, WithoutPeersQuarantineIsOverAtOnce) {
  EXPECT_EQ(Judge().quarantine, Quarantine::kNoPeers);
  EXPECT_TRUE(Judge().heard) << "there is nobody to be heard";
}

TEST_F(GateJudge, WhileNobodyKnowsWhetherThereArePeersItGoesOnAsItWas) {
  around_.registry_known = false;
  around_.quarantine_ends = kStarted + 3s;
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
  EXPECT_EQ(Judge().quarantine_ends, kStarted + 3s);
  around_.now = kStarted + 3s;
  EXPECT_EQ(Judge().quarantine, Quarantine::kTimedOut);
}

TEST_F(GateJudge, KnownPeersAreWaitedForAsLongAsTheSettingSays) {
  around_.peers = {Peer("b")};
  around_.quarantine_ends = kStarted + 3s;
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
  EXPECT_EQ(Judge().quarantine_ends, kStarted + 30s);
  around_.now = kStarted + 30s;
  EXPECT_EQ(Judge().quarantine, Quarantine::kTimedOut);
  around_.quarantine_timeout.reset();
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
  EXPECT_EQ(Judge().quarantine_ends, kNever);
}

TEST_F(GateJudge, APeerThatAnswersEndsQuarantine) {
  around_.peers = {Standby("b", 2, kStarted + 1ms)};
  EXPECT_EQ(Judge().quarantine, Quarantine::kAnswered);
  EXPECT_FALSE(Judge().superseded);
}

TEST_F(GateJudge, AnAnswerToAQuestionOfBeforeTheStartSaysNothing) {
  around_.peers = {Standby("b", 2, kStarted - 1ms)};
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
}

TEST_F(GateJudge, HalfOfThePeersMustAnswer) {
  around_.peers = {Peer("b"), Peer("c"), Standby("d", 2, kStarted + 1ms)};
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
  around_.peers.pop_back();
  around_.peers.push_back(Standby("d", 2, kStarted + 1ms));
  around_.peers[0] = Standby("b", 2, kStarted + 1ms);
  EXPECT_EQ(Judge().quarantine, Quarantine::kAnswered);
}

TEST_F(GateJudge, TogetherWithThisNodeTheQuorumIsTheLargerPart) {
  for (std::size_t nodes = 2; nodes <= 9; ++nodes) {
    EXPECT_GT(2 * (Quorum(nodes - 1) + 1), nodes) << nodes << " nodes";
    EXPECT_LE(2 * Quorum(nodes - 1), nodes) << nodes << " nodes";
  }
}

TEST_F(GateJudge, APrimaryOnANewerTimelineHoldsTheBaton) {
  around_.peers = {Primary("b", 3, 30, kStarted + 1ms)};
  const GateJudgement judgement = Judge();
  EXPECT_TRUE(judgement.superseded);
  EXPECT_EQ(judgement.successor.view(), "b");
  EXPECT_EQ(judgement.successor_reign.timeline, 3u);
  EXPECT_EQ(judgement.successor_reign.id, 30u);
  EXPECT_EQ(judgement.why, "node b is the primary on timeline 3");
  EXPECT_EQ(judgement.quarantine, Quarantine::kGoesOn);
}

TEST_F(GateJudge, OnTheSameTimelineTheReignDecides) {
  around_.peers = {Primary("b", 2, 21, kStarted + 1ms)};
  EXPECT_TRUE(Judge().superseded);
  EXPECT_EQ(Judge().why, "node b is a primary of another reign on timeline 2");
  around_.peers = {Primary("b", 2, 20, kStarted + 1ms)};
  EXPECT_FALSE(Judge().superseded);
  around_.peers = {Primary("b", 2, 0, kStarted + 1ms)};
  EXPECT_FALSE(Judge().superseded) << "it has not told its reign yet";
}

TEST_F(GateJudge, QuarantineCountsFromTheEndOfRecoveryHoweverLongThatTook) {
  around_.peers = {Peer("b")};
  around_.counts_from = kStarted + 100s;
  around_.now = kStarted + 101s;
  EXPECT_EQ(Judge().quarantine, Quarantine::kGoesOn);
  EXPECT_EQ(Judge().quarantine_ends, kStarted + 130s);
}

TEST_F(GateJudge, APrimaryThatHasYieldedDoesNotCloseTheOneThatAPersonChose) {
  PeerRow loser = Primary("b", 2, 21, kStarted + 1ms);
  loser.primary = "a";
  around_.peers = {loser};
  EXPECT_TRUE(Judge().superseded) << "of two rivals both close";
  around_.state.decided = true;
  EXPECT_FALSE(Judge().superseded);
}

TEST_F(GateJudge, ThePrimaryOfAnEarlierTimelineIsNotNamedAsTheSuccessor) {
  PeerRow standby = Standby("c", 3, kStarted + 1ms);
  standby.primary = "a";
  standby.primary_timeline = 2;
  around_.peers = {standby};
  EXPECT_TRUE(Judge().superseded);
  EXPECT_EQ(Judge().successor.view(), "");
}

TEST_F(GateJudge, APrimaryOnAnOlderTimelineIsTheOneToClose) {
  around_.peers = {Primary("b", 1, 10, kStarted + 1ms)};
  EXPECT_FALSE(Judge().superseded);
}

TEST_F(GateJudge, AStandbyOfANewerTimelineKnowsOfAPrimary) {
  PeerRow standby = Standby("c", 3, kStarted + 1ms);
  standby.primary = "b";
  standby.primary_timeline = 3;
  around_.peers = {standby, Peer("b")};
  const GateJudgement judgement = Judge();
  EXPECT_TRUE(judgement.superseded);
  EXPECT_EQ(judgement.successor.view(), "b");
  EXPECT_EQ(judgement.why, "node c knows of a primary on timeline 3");
}

TEST_F(GateJudge, AStandbyThatHeardOfANewerPrimaryIsBelieved) {
  PeerRow standby = Standby("c", 2, kStarted + 1ms);
  standby.primary = "b";
  standby.primary_timeline = 3;
  around_.peers = {standby, Peer("b")};
  EXPECT_TRUE(Judge().superseded);
}

TEST_F(GateJudge, WhatASilentPeerSaidLastClosesNothingNew) {
  PeerRow gone = Primary("b", 3, 30, kStarted + 1ms);
  gone.reachable = false;
  around_.peers = {gone};
  EXPECT_FALSE(Judge().superseded);
}

TEST_F(GateJudge, AStandbyHasNoSuccessorAndNoQuarantine) {
  around_.role = Role::kStandby;
  around_.peers = {Primary("b", 3, 30, kStarted + 1ms)};
  EXPECT_FALSE(Judge().superseded);
  EXPECT_EQ(Judge().quarantine, Quarantine::kNoPeers);
}

TEST_F(GateJudge, AFormerPrimaryThatStreamsTheNewTimelineMayWriteAfterAPromotion) {
  around_.role = Role::kStandby;
  around_.state.superseded = true;
  around_.state.successor_reign = {30, 3, {}};
  around_.streaming = true;
  EXPECT_FALSE(Judge().follows_again) << "it streams on its old timeline";
  around_.timeline = 3;
  EXPECT_TRUE(Judge().follows_again);
  around_.streaming = false;
  EXPECT_FALSE(Judge().follows_again);
}

TEST_F(GateJudge, WithPolicyKeepNothingIsIsolated) {
  around_.peers = {Peer("b"), Peer("c")};
  around_.now = kStarted + 24h;
  EXPECT_EQ(Judge().isolation_begins, kNever);
}

TEST_F(GateJudge, IsolationCountsFromTheQuestionThatAQuorumAnswered) {
  around_.fence_when_isolated = true;
  around_.now = kStarted + 100s;
  around_.peers = {Standby("b", 2, kStarted + 50s), Standby("c", 2, kStarted + 70s),
                   Standby("d", 2, kStarted + 90s)};
  EXPECT_EQ(Judge().isolation_begins, kStarted + 70s + 10s) << "two of three are a quorum";
}

TEST_F(GateJudge, BeforeAnyAnswerIsolationCountsFromTheStart) {
  around_.fence_when_isolated = true;
  around_.peers = {Peer("b")};
  EXPECT_EQ(Judge().isolation_begins, kStarted + 10s);
}

TEST_F(GateJudge, DoubtCountsFromTheOldestQuestionThatCameToAnEnd) {
  around_.round = 5s;
  around_.peers = {Standby("b", 2, kStarted + 50s), Peer("c"), Peer("d")};
  EXPECT_EQ(Judge().doubt_begins, kNever) << "nobody was asked yet";
  around_.peers[0].concluded_at = kStarted + 50s;
  around_.peers[1].concluded_at = kStarted + 48s;
  EXPECT_EQ(Judge().doubt_begins, kStarted + 53s) << "d was registered just now";
}

TEST_F(GateJudge, AServerWithoutPeersIsNeverIsolated) {
  around_.fence_when_isolated = true;
  EXPECT_EQ(Judge().isolation_begins, kNever);
}

}  // namespace
}  // namespace baton::core
