#include "core/promotion.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/nodes.hpp"
#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::Field;

PeerAnswer DeadPrimary() {
  PeerAnswer peer;
  peer.name = "a";
  peer.kind = PeerAnswer::Kind::kAbsent;
  peer.is_upstream = true;
  peer.error = "connection refused";
  return peer;
}

PeerAnswer OtherStandby(Lsn position) {
  PeerAnswer peer;
  peer.name = "c";
  peer.kind = PeerAnswer::Kind::kAnswered;
  peer.row.role = Role::kStandby;
  peer.row.state = "not receiving";
  peer.row.timeline = 1;
  peer.row.lsn = position;
  peer.row.upstream = "a";
  return peer;
}

PeerAnswer OtherPrimary() {
  PeerAnswer peer;
  peer.name = "c";
  peer.kind = PeerAnswer::Kind::kAnswered;
  peer.row.role = Role::kPrimary;
  peer.row.timeline = 2;
  return peer;
}

PeerAnswer SilentNode(std::string name) {
  PeerAnswer peer;
  peer.name = std::move(name);
  peer.kind = PeerAnswer::Kind::kSilent;
  peer.error = "timeout expired";
  return peer;
}

// Nothing speaks against it:
//
//   a (dead) <--- b (this one)
//            <--- c (as far as b)
struct Promotable {
  PromotionFacts facts;

  Promotable() {
    facts.node = HealthyStandby();
    facts.node.link = Link::kNotReceiving;
    facts.node.receive_lag = 2s;
    facts.node_name = "b";
    facts.registry_readable = true;
    facts.peers = {DeadPrimary(), OtherStandby(facts.node.position.received)};
  }

  NodeFacts& node() { return facts.node; }
  PeerAnswer& primary() { return facts.peers[0]; }
  PeerAnswer& other() { return facts.peers[1]; }

  std::optional<Verdict> Check(std::string_view check) const {
    return VerdictOf(CheckPromotion(facts), check);
  }
};

constexpr const char* kStopItFirst =
    "Stop it first; force => true only if you are sure that nobody can write there.";
constexpr const char* kMakeSureItIsDown = "Make sure yourself that the primary is down.";

TEST(Promotion, OfAStandbyWhosePrimaryIsDownIsOkInEveryCheck) {
  const auto findings = CheckPromotion(Promotable().facts);

  EXPECT_THAT(ChecksOf(findings),
              ElementsAre("is_standby", "write_gate", "primary_alive", "primary_seen",
                          "other_promotion", "newer_reign", "most_advanced", "missing_work",
                          "missing_time", "standby_settings", "replay_paused", "replay_pending",
                          "archive_wal", "archiving", "synchronous_standbys", "quorum"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(PromotionIsStandby, IsOkOnAStandby) {
  EXPECT_EQ(Promotable().Check("is_standby"), Ok("standby", "this server is a standby"));
}

TEST(PromotionIsStandby, IsTheOnlyAnswerOfAPrimary) {
  PromotionFacts facts;
  facts.node = HealthyPrimary();

  const auto findings = CheckPromotion(facts);

  EXPECT_THAT(ChecksOf(findings), ElementsAre("is_standby"));
  EXPECT_EQ(VerdictOf(findings, "is_standby"),
            Critical("primary", "this server is not a standby", "Only a standby can be promoted."));
}

TEST(PromotionIsStandby, IsTheOnlyAnswerOfANodeWithoutARole) {
  const auto findings = CheckPromotion(PromotionFacts());

  EXPECT_THAT(ChecksOf(findings), ElementsAre("is_standby"));
  EXPECT_EQ(VerdictOf(findings, "is_standby"),
            Critical("unknown", "this server is not a standby", "Only a standby can be promoted."));
}

TEST(PromotionIsStandby, IsCriticalWhileAPromotionIsUnderWay) {
  Promotable it;
  it.node().promoting = true;

  const auto findings = CheckPromotion(it.facts);

  EXPECT_THAT(ChecksOf(findings), ElementsAre("is_standby"));
  EXPECT_EQ(VerdictOf(findings, "is_standby"),
            Critical("promoting", "this server is being promoted already"));
}

TEST(PromotionWriteGate, IsOkWithoutALastingReason) {
  Promotable it;
  EXPECT_EQ(it.Check("write_gate"), Ok("open", "this server is not fenced"));

  it.facts.own_gate = static_cast<GateReasons>(GateReason::kQuarantine);
  EXPECT_EQ(it.Check("write_gate"), Ok("open", "this server is not fenced"));
}

constexpr const char* kUnfence =
    "It would take no writes as a primary; SELECT baton.unfence() opens it.";

TEST(PromotionWriteGate, IsCriticalWhenFencedByHand) {
  Promotable it;
  it.facts.own_gate = static_cast<GateReasons>(GateReason::kFencedByHand);
  EXPECT_EQ(it.Check("write_gate"), Critical("fenced", "fenced by hand", kUnfence));

  it.facts.own_gate_text = "by \"eve\", disk is failing";
  EXPECT_EQ(it.Check("write_gate"),
            Critical("fenced", "fenced by hand: by \"eve\", disk is failing", kUnfence));
}

TEST(PromotionWriteGate, IsCriticalWhenTheFenceCannotBeRead) {
  Promotable it;
  it.facts.own_gate = static_cast<GateReasons>(GateReason::kStateUnreadable);
  it.facts.own_gate_text = "the file is too short";

  EXPECT_EQ(
      it.Check("write_gate"),
      Critical("unreadable",
               "it cannot be told whether this server is fenced: the file is too short", kUnfence));
}

TEST(PromotionPrimaryAlive, IsOkWhenNothingListensAtThePrimary) {
  EXPECT_EQ(Promotable().Check("primary_alive"),
            Ok("no", "no node answers as primary: \"a\": connection refused"));
}

TEST(PromotionPrimaryAlive, IsOkWhenTheFormerPrimaryIsAStandbyNow) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().row.role = Role::kStandby;

  EXPECT_EQ(it.Check("primary_alive"), Ok("no", "no node answers as primary"));
}

TEST(PromotionPrimaryAlive, IsOkWhileWalStreamsFromAStandby) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().row.role = Role::kStandby;
  it.node().link = Link::kStreaming;

  EXPECT_EQ(it.Check("primary_alive"), Ok("no", "no node answers as primary"));
}

TEST(PromotionPrimaryAlive, IsCriticalWhenThePrimaryAnswers) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().row.role = Role::kPrimary;
  it.primary().row.timeline = 1;

  EXPECT_EQ(it.Check("primary_alive"),
            Critical("a", "node \"a\" answers as primary on timeline 1", kStopItFirst));
}

TEST(PromotionPrimaryAlive, IsCriticalWhenAnotherNodeHasTakenOver) {
  Promotable it;
  it.other() = OtherPrimary();

  EXPECT_EQ(it.Check("primary_alive"),
            Critical("c", "node \"c\" answers as primary on timeline 2", kStopItFirst));
}

TEST(PromotionPrimaryAlive, IsCriticalWhenThePrimaryRunsButWouldNotSay) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kReached;
  it.primary().error = "the database system is starting up";

  EXPECT_EQ(
      it.Check("primary_alive"),
      Critical("a", "node \"a\" runs, but could not be asked: the database system is starting up",
               "Wait until it is up, or stop it; if only the login fails, mend the password "
               "file of this host."));
}

TEST(PromotionPrimaryAlive, IsCriticalWhileWalStillStreams) {
  Promotable it;
  it.node().link = Link::kStreaming;

  EXPECT_EQ(it.Check("primary_alive"), Critical("a", "WAL still streams from a", kStopItFirst));
}

TEST(PromotionPrimaryAlive, DoesNotBelieveALinkThatIsSilent) {
  Promotable it;
  it.node().link = Link::kStreaming;
  it.node().link_silent = true;

  EXPECT_EQ(it.Check("primary_alive"),
            Ok("no", "no node answers as primary: \"a\": connection refused"));
}

TEST(PromotionPrimaryAlive, IsUnknownWhenThePrimaryMayOnlyBeCutOff) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kSilent;
  it.primary().error = "timeout expired";
  it.other() = SilentNode("c");

  EXPECT_EQ(it.Check("primary_alive"),
            Unknown("a",
                    "no primary answers, which may be the network's fault: \"a\": timeout expired; "
                    "\"c\": timeout expired",
                    "Make sure that the primary is down, not only cut off."));
}

//   a (cut off) <--- c <--- b (this one)
TEST(PromotionPrimaryAlive, IsUnknownInACascadeWhoseFirstNodeIsSilent) {
  Promotable it;
  it.other().is_upstream = true;
  it.facts.peers[0] = SilentNode("a");

  EXPECT_EQ(it.Check("primary_alive"),
            Unknown("",
                    "no node answers as primary, but not every node could be asked: \"a\": timeout "
                    "expired",
                    "Make sure that none of them is the primary."));
}

TEST(PromotionPrimaryAlive, IsUnknownWhenAnotherNodeRunsButWouldNotSay) {
  Promotable it;
  it.other() = SilentNode("c");
  it.other().kind = PeerAnswer::Kind::kReached;

  EXPECT_EQ(VerdictOf(CheckPromotion(it.facts), "primary_alive")->status, Status::kUnknown);
}

TEST(PromotionPrimaryAlive, IsUnknownWithoutTheRegistry) {
  Promotable it;
  it.facts.registry_readable = false;
  it.facts.peers.clear();

  EXPECT_EQ(it.Check("primary_alive"),
            Unknown("", "the registered nodes are not known, so nobody could be asked",
                    kMakeSureItIsDown));
}

TEST(PromotionPrimaryAlive, IsUnknownWhenTheUpstreamIsNotRegistered) {
  Promotable it;
  it.facts.peers = {it.other()};

  EXPECT_EQ(
      it.Check("primary_alive"),
      Unknown("", "the node that this standby follows is not registered, so it could not be asked",
              kMakeSureItIsDown));
}

TEST(PromotionPrimarySeen, IsOkWhenNoOtherStandbySeesOne) {
  EXPECT_EQ(Promotable().Check("primary_seen"),
            Ok("no", "none of 1 other standbys sees a primary"));
}

TEST(PromotionPrimarySeen, IsOkWhenThereIsNoOther) {
  Promotable it;
  it.facts.peers = {it.primary()};

  EXPECT_EQ(it.Check("primary_seen"), Ok("no", "there is no other standby to ask"));
}

TEST(PromotionPrimarySeen, IsUnknownWhenNoOtherAnswers) {
  Promotable it;
  it.other() = SilentNode("c");

  EXPECT_EQ(it.Check("primary_seen"),
            Unknown("", "1 other nodes did not answer; one may see the primary",
                    "Make sure that the primary is down, not only cut off."));
}

//   a <-/- b (this one)
//     <--- c
TEST(PromotionPrimarySeen, IsCriticalWhileAnotherStandbyStreamsFromThePrimary) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kSilent;
  it.other().row.state = "streaming";

  EXPECT_EQ(it.Check("primary_seen"), Critical("c", "standby \"c\" streams from a", kStopItFirst));
}

TEST(PromotionPrimarySeen, IsCriticalAlsoIfTheOtherKnowsThePrimaryByAnotherAddress) {
  Promotable it;
  it.other().row.state = "streaming";
  it.other().row.upstream = "10.0.0.7:5432";

  EXPECT_EQ(it.Check("primary_seen"),
            Critical("c", "standby \"c\" streams from 10.0.0.7:5432", kStopItFirst));
}

TEST(PromotionPrimarySeen, IsCriticalWhileAnotherStandbyHearsFromThePrimary) {
  Promotable it;
  it.other().row.primary = "a";
  it.other().row.primary_timeline = 1;
  it.other().row.primary_alive = true;

  EXPECT_EQ(it.Check("primary_seen"),
            Critical("c", "standby \"c\" has just heard from a, the primary on timeline 1",
                     kStopItFirst));
}

TEST(PromotionPrimarySeen, IsOkWhenThePrimaryThatAnotherKnowsIsSilent) {
  Promotable it;
  it.other().row.primary = "a";
  it.other().row.primary_timeline = 1;

  EXPECT_EQ(it.Check("primary_seen")->status, Status::kOk);
}

//   a (dead) <--- b (this one) <--- d
//            <--- c            <--- e
TEST(PromotionPrimarySeen, IsOkWhenWalComesFromAStandby) {
  Promotable it;
  it.facts.peers.push_back(OtherStandby(it.node().position.received));
  it.facts.peers.back().name = "d";
  it.facts.peers.back().row.state = "streaming";
  it.facts.peers.back().row.upstream = "b";
  it.facts.peers.push_back(it.facts.peers.back());
  it.facts.peers.back().name = "e";
  it.facts.peers.back().row.upstream = "c";

  EXPECT_EQ(it.Check("primary_seen"), Ok("no", "none of 3 other standbys sees a primary"));
}

TEST(PromotionOtherPromotion, IsOkWhenNobodyElseIsPromoted) {
  EXPECT_EQ(Promotable().Check("other_promotion"),
            Ok("no", "no node that answers is being promoted"));
}

TEST(PromotionOtherPromotion, IsCriticalWhileAnotherNodeDecidesOrIsPromoted) {
  Promotable it;
  it.other().row.promoting = true;

  EXPECT_EQ(
      it.Check("other_promotion"),
      Critical("c", "node \"c\" is being promoted, or decides on it",
               "Ask again when that is over; if both were asked at once, ask only one again."));
}

TEST(PromotionOtherPromotion, BelievesOnlyAnAnswer) {
  Promotable it;
  it.other().row.promoting = true;
  it.other().kind = PeerAnswer::Kind::kReached;

  EXPECT_EQ(it.Check("other_promotion")->status, Status::kOk);
}

constexpr const char* kBehind =
    "This standby is behind it: it must follow that primary, or rejoin it.";

TEST(PromotionNewerReign, IsOkWhenNobodyKnowsOne) {
  Promotable it;
  it.other().row.primary = "a";
  it.other().row.primary_timeline = 1;

  EXPECT_EQ(it.Check("newer_reign"),
            Ok("no", "no node that answers knows a primary beyond timeline 1"));
}

TEST(PromotionNewerReign, IsCriticalWhenAnotherHoldsANewerTimeline) {
  Promotable it;
  it.other().row.timeline = 3;

  EXPECT_EQ(it.Check("newer_reign"),
            Critical("c", "node \"c\" holds timeline 3, and this standby is on 1", kBehind));
}

TEST(PromotionNewerReign, IsCriticalWhenAnotherKnowsOfANewerPrimaryAliveOrNot) {
  Promotable it;
  it.other().row.primary = "d";
  it.other().row.primary_timeline = 2;
  const Verdict expected = Critical(
      "c", "node \"c\" knows of \"d\" as primary on timeline 2, and this standby is on 1", kBehind);

  EXPECT_EQ(it.Check("newer_reign"), expected);
  it.other().row.primary_alive = true;
  EXPECT_EQ(it.Check("newer_reign"), expected);
}

TEST(PromotionNewerReign, IsCriticalWhenAnotherHasTheWalOfAnotherPromotion) {
  Promotable it;
  it.facts.reign = {.id = 7, .timeline = 1, .began = {}};
  it.other().row.reign = {.id = 8, .timeline = 1, .began = {}};

  EXPECT_EQ(it.Check("newer_reign"),
            Critical("c", "node \"c\" has the WAL of another promotion to timeline 1", kBehind));
}

TEST(PromotionNewerReign, DoesNotCompareReignsThatAreNotKnown) {
  Promotable it;
  it.other().row.reign = {.id = 8, .timeline = 1, .began = {}};

  EXPECT_EQ(it.Check("newer_reign")->status, Status::kOk);
}

TEST(PromotionMostAdvanced, IsOkWhenTheOthersAreNoFurther) {
  EXPECT_EQ(Promotable().Check("most_advanced"),
            Ok("0/3000060", "none of 1 other standbys is further ahead"));
}

TEST(PromotionMostAdvanced, IsOkWhenThereIsNoOther) {
  Promotable it;
  it.facts.peers = {it.primary()};

  EXPECT_EQ(it.Check("most_advanced"), Ok("0/3000060", "there is no other standby"));
}

TEST(PromotionMostAdvanced, CountsWhatWasReplayedFromAnArchive) {
  Promotable it;
  it.node().position.received = Lsn(0x3000000);
  it.node().position.replayed = Lsn(0x4000000);
  it.other().row.lsn = Lsn(0x3FFFFFF);

  EXPECT_EQ(it.Check("most_advanced"),
            Ok("0/4000000", "none of 1 other standbys is further ahead"));
}

TEST(PromotionMostAdvanced, IsCriticalWhenAnotherIsOneByteFurther) {
  Promotable it;
  it.other().row.lsn = Lsn(0x3000061);

  EXPECT_EQ(
      it.Check("most_advanced"),
      Critical("c", "standby \"c\" is further ahead: 0/3000061 on timeline 1, here 0/3000060 on 1",
               "Promote that one instead."));
}

TEST(PromotionMostAdvanced, CountsANewerTimelineAsFurther) {
  Promotable it;
  it.other().row.timeline = 2;
  it.other().row.lsn = Lsn(0x2000000);

  EXPECT_EQ(
      it.Check("most_advanced"),
      Critical("c", "standby \"c\" is further ahead: 0/2000000 on timeline 2, here 0/3000060 on 1",
               "Promote that one instead."));
}

TEST(PromotionMostAdvanced, CountsAnOlderTimelineAsBehindHoweverMuchItHas) {
  Promotable it;
  it.node().position.timeline = 2;
  it.other().row.lsn = Lsn(0x4000000);

  EXPECT_EQ(it.Check("most_advanced")->status, Status::kOk);
}

TEST(PromotionMostAdvanced, CountsWhatTheOtherReplayedFromAnArchive) {
  Promotable it;
  it.other().row.lsn = Lsn(0x3000000);
  it.other().row.replayed = Lsn(0x3000061);

  EXPECT_EQ(it.Check("most_advanced")->status, Status::kCritical);
}

TEST(PromotionMostAdvanced, CountsTheUpstreamOfACascade) {
  Promotable it;
  it.other().is_upstream = true;
  it.other().row.lsn = Lsn(it.node().position.received.bytes() + 1);

  EXPECT_EQ(VerdictOf(CheckPromotion(it.facts), "most_advanced")->status, Status::kCritical);
}

TEST(PromotionMostAdvanced, NamesTheOneThatIsFurthest) {
  Promotable it;
  it.other().row.lsn = Lsn(0x3000061);
  it.facts.peers.push_back(OtherStandby(Lsn(0x3000063)));
  it.facts.peers.back().name = "d";
  it.facts.peers.push_back(OtherStandby(Lsn(0x3000062)));
  it.facts.peers.back().name = "e";

  EXPECT_EQ(
      it.Check("most_advanced"),
      Critical("d", "standby \"d\" is further ahead: 0/3000063 on timeline 1, here 0/3000060 on 1",
               "Promote that one instead."));
}

TEST(PromotionMostAdvanced, IsUnknownWhenOneDidNotAnswer) {
  Promotable it;
  it.facts.peers.push_back(SilentNode("d"));

  EXPECT_EQ(it.Check("most_advanced"),
            Unknown("0/3000060", "1 other nodes did not answer; one may be further ahead",
                    "Ask them by hand before promoting."));
}

TEST(PromotionMostAdvanced, IsCriticalRatherThanUnknown) {
  Promotable it;
  it.other().row.lsn = Lsn(0x4000000);
  it.facts.peers.push_back(SilentNode("d"));

  EXPECT_EQ(it.Check("most_advanced")->status, Status::kCritical);
}

constexpr const char* kSynchronousLosesNothing =
    "With synchronous replication no acknowledged commit can be missing.";

TEST(PromotionMissingWork, IsOkWhenAllThatWasHeardOfIsHere) {
  EXPECT_EQ(Promotable().Check("missing_work"),
            Ok("0 B",
               "nothing is known to be missing; what the primary committed after it was last "
               "heard, 2.0 s ago, is not known",
               kSynchronousLosesNothing));
}

TEST(PromotionMissingWork, WarnsOfWalThatNeverArrived) {
  Promotable it;
  it.node().position.upstream_end = Lsn(0x3000060 + 16 * kMegabyte);

  EXPECT_EQ(it.Check("missing_work"),
            Warning("16 MB",
                    "16 MB of WAL that the primary was known to have never arrived; it was last "
                    "heard 2.0 s ago",
                    kSynchronousLosesNothing));
}

TEST(PromotionMissingWork, DoesNotMissWhatOnlyWaitsForReplay) {
  Promotable it;
  it.node().position.replayed = Lsn(0x2000000);

  EXPECT_EQ(it.Check("missing_work")->status, Status::kOk);
}

TEST(PromotionMissingWork, IsUnknownIfThePrimaryWasNeverHeard) {
  Promotable it;
  it.node().position.upstream_end = Lsn();
  it.node().since_heard.reset();

  EXPECT_EQ(
      it.Check("missing_work"),
      Unknown("", "this standby never heard from its primary, so what is missing cannot be told",
              "Compare with the primary's last backup or archive before promoting."));
}

constexpr const char* kIfCommitsWaited =
    "If commits waited for this standby, none that was acknowledged is missing.";

TEST(PromotionMissingTime, ReachesBackToWhenThePrimaryWasLastHeard) {
  EXPECT_EQ(
      Promotable().Check("missing_time"),
      Ok("2.0 s", "what the primary acknowledged more than 2.0 s ago is here", kIfCommitsWaited));
}

TEST(PromotionMissingTime, WarnsWhenWorkIsKnownToBeMissing) {
  Promotable it;
  it.node().position.upstream_end = Lsn(0x3000061);
  it.node().receive_lag = 75s;

  EXPECT_EQ(it.Check("missing_time"),
            Warning("1 min 15 s", "what the primary acknowledged more than 1 min 15 s ago is here",
                    kIfCommitsWaited));
}

TEST(PromotionMissingTime, GivesItsNumberToPrograms) {
  Promotable it;
  it.node().receive_lag = 1500ms;

  const Finding row = RowOf(CheckPromotion(it.facts), "missing_time").value();

  EXPECT_EQ(row.value_number, 1.5);
  EXPECT_EQ(row.unit.view(), "s");
}

TEST(PromotionMissingTime, IsUnknownIfTheHistoryDoesNotReachBack) {
  Promotable it;
  it.node().receive_lag.reset();

  EXPECT_EQ(it.Check("missing_time"),
            Unknown("", "it is not known when the WAL was written that never arrived"));
}

TEST(PromotionStandbySettings, IsOkWhenNoneIsLower) {
  EXPECT_EQ(Promotable().Check("standby_settings"),
            Ok("high enough", "no setting is lower than the primary's"));
}

TEST(PromotionStandbySettings, IsCriticalWhenOneIsLower) {
  Promotable it;
  it.node().standby_settings.too_low = "max_connections 50 < 100";

  EXPECT_EQ(it.Check("standby_settings"),
            Critical("too low", "lower than on the primary: max_connections 50 < 100",
                     "Raise them and restart this standby; PostgreSQL cannot promote it before."));
}

TEST(PromotionStandbySettings, IsUnknownIfTheyCouldNotBeRead) {
  Promotable it;
  it.node().standby_settings.measured = false;

  EXPECT_EQ(it.Check("standby_settings"),
            Unknown("", "the primary's settings could not be read from the control file"));
}

TEST(PromotionReplayPaused, IsOkWhileReplayRuns) {
  EXPECT_EQ(Promotable().Check("replay_paused"), Ok("running", "replay is running"));
}

TEST(PromotionReplayPaused, IsCriticalWhenAPauseIsSetOrRequested) {
  const Verdict paused =
      Critical("paused", "replay is paused; somebody wanted to keep this state",
               "SELECT pg_wal_replay_resume() goes on; promoting ends the pause and replays all.");
  Promotable it;

  it.node().replay = Replay::kPaused;
  EXPECT_EQ(it.Check("replay_paused"), paused);

  it.node().replay = Replay::kPauseRequested;
  EXPECT_EQ(it.Check("replay_paused"), paused);
}

TEST(PromotionReplayPending, IsOkWhenAllIsReplayed) {
  EXPECT_EQ(Promotable().Check("replay_pending"), Ok("0 B", "all received WAL is replayed"));
}

TEST(PromotionReplayPending, IsOkWhenLittleIsLeft) {
  Promotable it;
  it.node().position.received = Lsn(0x3000060 + 256 * kMegabyte);

  EXPECT_EQ(it.Check("replay_pending"),
            Ok("256 MB", "received WAL is replayed before the promotion ends"));
}

TEST(PromotionReplayPending, WarnsWhenMuchIsLeft) {
  Promotable it;
  it.node().position.received = Lsn(0x3000060 + 2 * kGigabyte);

  EXPECT_EQ(it.Check("replay_pending"),
            Warning("2.0 GB", "received WAL is replayed before the promotion ends",
                    "The promotion takes as long as this replay does."));
}

TEST(PromotionReplayPending, GivesItsNumberToPrograms) {
  Promotable it;
  it.node().position.received = Lsn(0x3000060 + 5);

  const Finding row = RowOf(CheckPromotion(it.facts), "replay_pending").value();

  EXPECT_EQ(row.value_number, 5);
  EXPECT_EQ(row.unit.view(), "bytes");
}

TEST(PromotionArchiveWal, IsOkWithoutARestoreCommand) {
  EXPECT_EQ(Promotable().Check("archive_wal"), Ok("", "no restore_command is set"));
}

TEST(PromotionArchiveWal, IsOkWhenTheArchiveHasNothingMore) {
  Promotable it;
  it.facts.archive.kind = ArchiveAnswer::Kind::kNothing;

  EXPECT_EQ(it.Check("archive_wal"), Ok("none", "the archive has nothing beyond what is here"));
}

TEST(PromotionArchiveWal, WarnsOfASegmentThatIsNotHere) {
  Promotable it;
  it.facts.archive.kind = ArchiveAnswer::Kind::kSegment;
  it.facts.archive.segment = "000000010000000000000003";

  EXPECT_EQ(it.Check("archive_wal"),
            Warning("000000010000000000000003",
                    "segment 000000010000000000000003 is in the archive; it is replayed before the "
                    "promotion ends",
                    "The promotion takes as long as replaying all that the archive has."));
}

TEST(PromotionArchiveWal, IsCriticalWhenAnotherServerHasArchivedANewTimeline) {
  Promotable it;
  it.facts.archive.kind = ArchiveAnswer::Kind::kNewTimeline;
  it.facts.archive.timeline = 2;

  EXPECT_EQ(it.Check("archive_wal"),
            Critical("2", "the archive has timeline 2: another server was promoted",
                     "Find that server; this standby must follow it, or rejoin it."));
}

TEST(PromotionArchiveWal, IsUnknownIfTheCommandDoesNotTell) {
  Promotable it;
  it.facts.archive.kind = ArchiveAnswer::Kind::kNoAnswer;
  it.facts.archive.error = "no answer within 2.0 s";

  EXPECT_EQ(
      it.Check("archive_wal"),
      Unknown("", "restore_command did not tell whether there is more: no answer within 2.0 s",
              "Look into the archive by hand before promoting."));
}

TEST(PromotionArchiving, IsOkWhenArchivingIsOff) {
  EXPECT_EQ(Promotable().Check("archiving"), Ok("off", "archiving is off on this server"));
}

TEST(PromotionArchiving, IsOkWhenThereIsSomethingToArchiveWith) {
  Promotable it;
  it.node().archiver.enabled = true;
  it.node().archiver.configured = true;

  EXPECT_EQ(it.Check("archiving"), Ok("configured", "the new primary will archive"));
}

TEST(PromotionArchiving, WarnsWhenThereIsNothingToArchiveWith) {
  Promotable it;
  it.node().archiver.enabled = true;

  EXPECT_EQ(it.Check("archiving"),
            Warning("not configured",
                    "archive_mode is on, but this server has no command or library to archive with",
                    "Set archive_command or archive_library here, or WAL piles up."));
}

constexpr const char* kCommitsWait =
    "Commits wait until enough of those standbys follow the new primary.";

TEST(PromotionSynchronousStandbys, IsOkWhenNoneIsAskedFor) {
  EXPECT_EQ(Promotable().Check("synchronous_standbys"),
            Ok("", "no commit will wait for a standby"));
}

TEST(PromotionSynchronousStandbys, IsOkWhenOnlyOthersAreNamed) {
  Promotable it;
  it.facts.synchronous_standby_names = "ANY 1 (a, c)";

  EXPECT_EQ(
      it.Check("synchronous_standbys"),
      Ok("ANY 1 (a, c)", "synchronous_standby_names does not name this node, and stays as it is",
         kCommitsWait));
}

TEST(PromotionSynchronousStandbys, WarnsWhenThisNodeIsNamed) {
  Promotable it;
  it.facts.synchronous_standby_names = "ANY 1 (b, c)";

  EXPECT_EQ(
      it.Check("synchronous_standbys"),
      Warning("ANY 1 (b, c)", "synchronous_standby_names names this node: it becomes ANY 1 (c)",
              kCommitsWait));
}

TEST(PromotionSynchronousStandbys, WarnsWhenOnlyThisNodeIsNamed) {
  Promotable it;
  it.facts.synchronous_standby_names = "b";

  EXPECT_EQ(it.Check("synchronous_standbys"),
            Warning("b", "synchronous_standby_names names this node: it becomes empty",
                    "No commit will wait for a standby then."));
}

TEST(PromotionSynchronousStandbys, IsUnknownIfItCannotBeParsed) {
  Promotable it;
  it.facts.synchronous_standby_names = "ANY (b)";

  EXPECT_EQ(it.Check("synchronous_standbys"),
            Unknown("ANY (b)", "synchronous_standby_names could not be understood"));
}

TEST(PromotionQuorum, IsOkWhenNotAskedFor) {
  EXPECT_EQ(Promotable().Check("quorum"), Ok("", "pg_baton.isolation_policy does not ask for one"));
}

TEST(PromotionQuorum, IsOkWhenHalfOfTheOthersAnswer) {
  Promotable it;
  it.facts.fences_when_isolated = true;

  EXPECT_EQ(it.Check("quorum"), Ok("1 of 2", "1 of 2 other nodes answer"));
}

TEST(PromotionQuorum, IsCriticalWhenFewerAnswer) {
  Promotable it;
  it.facts.fences_when_isolated = true;
  it.facts.peers.push_back(SilentNode("d"));

  EXPECT_EQ(
      it.Check("quorum"),
      Critical("1 of 3", "only 1 of 3 other nodes answer, so the new primary would be isolated",
               "Its write gate would close after pg_baton.isolation_timeout; start more nodes, or "
               "unregister those that are gone for good."));
}

TEST(PromotionQuorum, IsUnknownWithoutTheRegistry) {
  Promotable it;
  it.facts.fences_when_isolated = true;
  it.facts.registry_readable = false;
  it.facts.peers.clear();

  EXPECT_EQ(it.Check("quorum"),
            Unknown("", "the registered nodes are not known, so nobody could be asked"));
}

TEST(ReasonsAgainst, AreNoneWhenNothingIsCritical) {
  EXPECT_EQ(ReasonsAgainst({}), "");
  EXPECT_EQ(ReasonsAgainst(CheckPromotion(Promotable().facts)), "");
}

TEST(ReasonsAgainst, AreOnlyTheCriticalOnes) {
  Promotable it;
  it.node().replay = Replay::kPaused;
  it.node().archiver.enabled = true;
  it.node().standby_settings.measured = false;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().row.role = Role::kPrimary;
  it.primary().row.timeline = 1;

  EXPECT_EQ(ReasonsAgainst(CheckPromotion(it.facts)),
            "primary_alive: node \"a\" answers as primary on timeline 1; "
            "replay_paused: replay is paused; somebody wanted to keep this state");
}

TEST(PromotionReasons, OneAloneIsToldFromSeveralAndFromNone) {
  const Finding seen = Judged("primary_seen", Status::kCritical, "", "standby c; still streams");
  const Finding ahead = Judged("most_advanced", Status::kCritical, "", "");
  const Finding fine = Judged("archiving", Status::kWarning, "", "");

  EXPECT_TRUE(IsOnlyOneAgainst({fine, seen}, "primary_seen"));
  EXPECT_FALSE(IsOnlyOneAgainst({seen, ahead}, "primary_seen"));
  EXPECT_FALSE(IsOnlyOneAgainst({fine}, "primary_seen"));
}

}  // namespace
}  // namespace baton::core
