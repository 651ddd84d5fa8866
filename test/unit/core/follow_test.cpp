#include "core/follow.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using Kind = FollowVerdict::Kind;

PeerRow Primary(std::string_view name, TimelineId timeline, Lsn began) {
  PeerRow row;
  row.name = name;
  row.asked = true;
  row.reachable = true;
  row.role = Role::kPrimary;
  row.timeline = timeline;
  row.reign = {timeline, timeline, began};
  return row;
}

PeerRow Standby(std::string_view name, std::string_view upstream) {
  PeerRow row;
  row.name = name;
  row.asked = true;
  row.reachable = true;
  row.role = Role::kStandby;
  row.timeline = 1;
  row.upstream = upstream;
  return row;
}

PeerRow Silent(PeerRow row) {
  row.reachable = false;
  return row;
}

//   a (dead) <--- this standby      b (primary on timeline 2 from 100 on)
FollowFacts AfterAPromotion() {
  FollowFacts facts;
  facts.upstream = "a";
  facts.timeline = 1;
  facts.replayed = Lsn(100);
  facts.received = Lsn(100);
  facts.rows = {Silent(Primary("a", 1, {})), Primary("b", 2, Lsn(100))};
  return facts;
}

TEST(Follow, GoesToTheNewPrimary) {
  const FollowVerdict verdict = JudgeFollowing(AfterAPromotion());

  EXPECT_EQ(verdict.kind, Kind::kFollow);
  EXPECT_EQ(verdict.node, "b");
  EXPECT_EQ(verdict.reason, "it is the primary on timeline 2 from 0/64 on");
}

TEST(Follow, LeavesAnOldPrimaryThatStillAnswers) {
  FollowFacts facts = AfterAPromotion();
  facts.rows[0].reachable = true;

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

TEST(Follow, StaysWhereNoPrimaryIsNewer) {
  FollowFacts facts = AfterAPromotion();
  facts.timeline = 2;

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);
}

TEST(Follow, StaysWhenTheNewerPrimaryIsSilent) {
  FollowFacts facts = AfterAPromotion();
  facts.rows[1].reachable = false;

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);
}

TEST(Follow, StaysWhenItMayNotOrHasOtherThingsToDo) {
  FollowFacts off = AfterAPromotion();
  off.allowed = false;
  EXPECT_EQ(JudgeFollowing(off).kind, Kind::kStay);

  FollowFacts promoted = AfterAPromotion();
  promoted.promoting = true;
  EXPECT_EQ(JudgeFollowing(promoted).kind, Kind::kStay);

  FollowFacts choosing = AfterAPromotion();
  choosing.choosing = true;
  EXPECT_EQ(JudgeFollowing(choosing).kind, Kind::kStay);

  FollowFacts from_archive = AfterAPromotion();
  from_archive.streams = false;
  EXPECT_EQ(JudgeFollowing(from_archive).kind, Kind::kStay);
}

TEST(Follow, WaitsUntilItIsKnownWhereTheTimelineBegan) {
  FollowFacts facts = AfterAPromotion();
  facts.rows[1].reign = {};

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);
}

TEST(Follow, CannotGoBackBehindTheFork) {
  FollowFacts facts = AfterAPromotion();
  facts.replayed = Lsn(101);
  facts.received = Lsn(200);

  const FollowVerdict verdict = JudgeFollowing(facts);

  EXPECT_EQ(verdict.kind, Kind::kCannot);
  EXPECT_EQ(verdict.reason,
            "cannot follow b: it left our history at 0/64 and this standby has WAL up to 0/C8");
  EXPECT_EQ(verdict.hint,
            "What it has beyond that is on no primary; pg_baton clone makes it anew.");
}

TEST(Follow, CannotGiveUpAWholeRecordThatIsNotReplayedYet) {
  FollowFacts facts = AfterAPromotion();
  facts.received = Lsn(200);
  facts.record_at_fork = true;

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kCannot);
}

TEST(Follow, GivesUpAPartOfARecord) {
  FollowFacts facts = AfterAPromotion();
  facts.received = Lsn(200);

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

TEST(Follow, FollowsNeitherOfTwoPrimariesOnOneTimeline) {
  FollowFacts facts = AfterAPromotion();
  facts.rows.push_back(Primary("d", 2, Lsn(90)));

  const FollowVerdict verdict = JudgeFollowing(facts);

  EXPECT_EQ(verdict.kind, Kind::kCannot);
  EXPECT_EQ(verdict.reason, "cannot follow b: d is a primary on timeline 2 too");
  EXPECT_EQ(verdict.hint, "Stop the one that should not be it; the other one is followed then.");
}

TEST(Follow, TakesTheNewestOfTwo) {
  FollowFacts facts = AfterAPromotion();
  facts.rows.push_back(Primary("d", 3, Lsn(120)));

  EXPECT_EQ(JudgeFollowing(facts).node, "d");
}

TEST(Follow, CannotWhereTheTimelineIsFixed) {
  FollowFacts facts = AfterAPromotion();
  facts.latest_timeline = false;

  const FollowVerdict verdict = JudgeFollowing(facts);

  EXPECT_EQ(verdict.kind, Kind::kCannot);
  EXPECT_EQ(verdict.reason,
            "cannot follow b to timeline 2: recovery_target_timeline is not latest");
  EXPECT_EQ(verdict.hint, "Set it to latest and restart this standby.");
}

TEST(Follow, StaysWithTheNewPrimaryWhenItIsTheUpstream) {
  FollowFacts facts = AfterAPromotion();
  facts.upstream = "b";
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);

  // It has been seen as the primary already, and the new timeline has not come yet.
  facts.upstream_was_primary = true;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);
}

//   b (primary) <--- e <--- d <--- this standby
TEST(Follow, StaysBehindAStandbyThatGetsItsWalFromTheNewPrimary) {
  FollowFacts facts = AfterAPromotion();
  facts.upstream = "d";
  facts.known_for = 1h;
  facts.rows.push_back(Standby("d", "e"));
  facts.rows.push_back(Standby("e", "b"));
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);

  facts.rows[3].reachable = false;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

// After a swap of roles the former primary streams from the new one, and would be one hop more.
TEST(Follow, LeavesTheFormerPrimaryForTheNewOne) {
  FollowFacts facts = AfterAPromotion();
  facts.upstream = "d";
  facts.known_for = 1s;
  facts.rows.push_back(Standby("d", "b"));
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);

  facts.upstream_was_primary = true;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

// The old primary streams from the new one, and this standby has come to the timeline through it.
TEST(Follow, LeavesAnOldPrimaryThatHasTakenItAlong) {
  FollowFacts facts = AfterAPromotion();
  facts.timeline = 2;
  facts.replayed = facts.received = Lsn(200);
  facts.rows[0] = Standby("a", "b");
  facts.upstream_was_primary = true;
  const FollowVerdict verdict = JudgeFollowing(facts);
  EXPECT_EQ(verdict.kind, Kind::kFollow);
  EXPECT_EQ(verdict.node, "b");
  EXPECT_EQ(verdict.reason, "it is the primary on timeline 2, and a is its standby now");

  // It was put behind a standby on purpose.
  facts.upstream_was_primary = false;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);

  // Another history may have the same number.
  facts.upstream_was_primary = true;
  facts.rows[0].reachable = false;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);
}

TEST(Follow, GivesAnUpstreamTimeToFollowFirst) {
  FollowFacts facts = AfterAPromotion();
  facts.upstream = "d";
  facts.rows.push_back(Standby("d", "a"));
  facts.known_for = kUpstreamMayTake - 1us;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kStay);

  facts.known_for = kUpstreamMayTake;
  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

TEST(Follow, DoesNotGoRoundInACircleOfStandbys) {
  FollowFacts facts = AfterAPromotion();
  facts.upstream = "d";
  facts.known_for = 1h;
  facts.rows.push_back(Standby("d", "e"));
  facts.rows.push_back(Standby("e", "d"));

  EXPECT_EQ(JudgeFollowing(facts).kind, Kind::kFollow);
}

}  // namespace
}  // namespace baton::core
