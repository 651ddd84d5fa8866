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
  peer.role = Role::kStandby;
  peer.timeline = 1;
  peer.position = position;
  return peer;
}

PeerAnswer OtherPrimary() {
  PeerAnswer peer;
  peer.name = "c";
  peer.kind = PeerAnswer::Kind::kAnswered;
  peer.role = Role::kPrimary;
  peer.timeline = 2;
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
              ElementsAre("is_standby", "primary_alive", "most_advanced", "missing_work",
                          "standby_settings", "replay_paused", "replay_pending", "archiving"));
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

TEST(PromotionPrimaryAlive, IsOkWhenNothingListensAtThePrimary) {
  EXPECT_EQ(Promotable().Check("primary_alive"),
            Ok("no", "no node answers as primary: \"a\": connection refused"));
}

TEST(PromotionPrimaryAlive, IsOkWhenTheFormerPrimaryIsAStandbyNow) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().role = Role::kStandby;

  EXPECT_EQ(it.Check("primary_alive"), Ok("no", "no node answers as primary"));
}

TEST(PromotionPrimaryAlive, IsCriticalWhenThePrimaryAnswers) {
  Promotable it;
  it.primary().kind = PeerAnswer::Kind::kAnswered;
  it.primary().role = Role::kPrimary;
  it.primary().timeline = 1;

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
  it.other().position = Lsn(0x3FFFFFF);

  EXPECT_EQ(it.Check("most_advanced"),
            Ok("0/4000000", "none of 1 other standbys is further ahead"));
}

TEST(PromotionMostAdvanced, IsCriticalWhenAnotherIsOneByteFurther) {
  Promotable it;
  it.other().position = Lsn(0x3000061);

  EXPECT_EQ(
      it.Check("most_advanced"),
      Critical("c", "standby \"c\" is further ahead: 0/3000061 on timeline 1, here 0/3000060 on 1",
               "Promote that one instead."));
}

TEST(PromotionMostAdvanced, CountsANewerTimelineAsFurther) {
  Promotable it;
  it.other().timeline = 2;
  it.other().position = Lsn(0x2000000);

  EXPECT_EQ(
      it.Check("most_advanced"),
      Critical("c", "standby \"c\" is further ahead: 0/2000000 on timeline 2, here 0/3000060 on 1",
               "Promote that one instead."));
}

TEST(PromotionMostAdvanced, CountsTheUpstreamOfACascade) {
  Promotable it;
  it.other().is_upstream = true;
  it.other().position = Lsn(it.node().position.received.bytes() + 1);

  EXPECT_EQ(VerdictOf(CheckPromotion(it.facts), "most_advanced")->status, Status::kCritical);
}

TEST(PromotionMostAdvanced, NamesTheOneThatIsFurthest) {
  Promotable it;
  it.other().position = Lsn(0x3000061);
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
  it.other().position = Lsn(0x4000000);
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
  it.primary().role = Role::kPrimary;
  it.primary().timeline = 1;

  EXPECT_EQ(ReasonsAgainst(CheckPromotion(it.facts)),
            "primary_alive: node \"a\" answers as primary on timeline 1; "
            "replay_paused: replay is paused; somebody wanted to keep this state");
}

}  // namespace
}  // namespace baton::core
