#include "core/known_primary.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

PeerRow Primary(std::string_view name, TimelineId timeline, bool reachable = true) {
  PeerRow row;
  row.name = name;
  row.asked = true;
  row.reachable = reachable;
  row.role = Role::kPrimary;
  row.timeline = timeline;
  row.reign = {100 + timeline, timeline, Lsn(timeline * 1000)};
  row.primary = name;
  row.primary_timeline = timeline;
  row.primary_alive = true;
  return row;
}

PeerRow Standby(std::string_view name, std::string_view of, bool alive, bool reachable = true) {
  PeerRow row;
  row.name = name;
  row.asked = true;
  row.reachable = reachable;
  row.role = Role::kStandby;
  row.timeline = 1;
  row.reign = {101, 1, {}};
  row.primary = of;
  row.primary_timeline = 1;
  row.primary_alive = alive;
  return row;
}

OwnView StandbyOf(std::string_view upstream, bool streaming, std::vector<PeerRow> rows) {
  return {.name = "c",
          .role = Role::kStandby,
          .timeline = 1,
          .reign = {},
          .upstream = upstream,
          .streaming = streaming,
          .rows = std::move(rows)};
}

void ExpectKnown(const KnownPrimary& known, std::string_view name, TimelineId timeline,
                 bool alive) {
  EXPECT_EQ(known.name.view(), name);
  EXPECT_EQ(known.timeline, timeline);
  EXPECT_EQ(known.alive, alive);
}

TEST(KnownPrimary, IsAPrimaryItself) {
  OwnView view{.name = "a", .role = Role::kPrimary, .timeline = 2};
  view.reign = {7, 2, Lsn(50)};
  view.rows = {Primary("b", 3)};

  const KnownPrimary known = FindPrimary(view);

  ExpectKnown(known, "a", 2, true);
  EXPECT_EQ(known.reign.id, 7u);
}

TEST(KnownPrimary, HasNoReignOfAnEarlierTimeline) {
  OwnView view{.name = "a", .role = Role::kPrimary, .timeline = 3};
  view.reign = {7, 2, Lsn(50)};

  const KnownPrimary known = FindPrimary(view);

  EXPECT_EQ(known.reign.id, 0u);
  EXPECT_TRUE(known.reign.began.IsNone());
}

TEST(KnownPrimary, IsTheUpstreamThatAnswersAsOne) {
  const KnownPrimary known = FindPrimary(StandbyOf("a", false, {Primary("a", 1)}));

  ExpectKnown(known, "a", 1, true);
  EXPECT_EQ(known.reign.id, 101u);
}

TEST(KnownPrimary, LivesWhileItStreamsThoughItDoesNotAnswer) {
  ExpectKnown(FindPrimary(StandbyOf("a", true, {Primary("a", 1, false)})), "a", 1, true);
  ExpectKnown(FindPrimary(StandbyOf("a", false, {Primary("a", 1, false)})), "a", 1, false);
}

TEST(KnownPrimary, OfACascadeIsWhatTheUpstreamSaysButForItsLife) {
  ExpectKnown(FindPrimary(StandbyOf("b", true, {Standby("b", "a", true)})), "a", 1, false);
  ExpectKnown(FindPrimary(StandbyOf("b", true, {Standby("b", "a", false)})), "a", 1, false);
  ExpectKnown(FindPrimary(StandbyOf("b", false, {Standby("b", "a", true)})), "a", 1, false);
}

TEST(KnownPrimary, OfACascadeThatAnswersItselfIsAlive) {
  const KnownPrimary known =
      FindPrimary(StandbyOf("b", false, {Standby("b", "a", false), Primary("a", 1)}));

  ExpectKnown(known, "a", 1, true);
}

TEST(KnownPrimary, IsNotThisStandbyWhateverTheUpstreamSays) {
  ExpectKnown(FindPrimary(StandbyOf("b", true, {Standby("b", "c", true)})), "", 0, false);
}

TEST(KnownPrimary, IsTheNewestThatAnswersWhenTheUpstreamIsGone) {
  const KnownPrimary known = FindPrimary(
      StandbyOf("a", false, {Primary("a", 1, false), Primary("b", 3), Primary("d", 2)}));

  ExpectKnown(known, "b", 3, true);
  EXPECT_EQ(known.reign.id, 0u) << "its WAL is not here yet";
  EXPECT_EQ(known.reign.timeline, 1u);
}

TEST(KnownPrimary, IsNotKnownBeforeAnybodyWasAsked) {
  PeerRow row;
  row.name = "a";
  ExpectKnown(FindPrimary(StandbyOf("a", true, {row})), "", 0, false);
  ExpectKnown(FindPrimary(StandbyOf("", true, {})), "", 0, false);
}

}  // namespace
}  // namespace baton::core
