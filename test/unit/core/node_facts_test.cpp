#include "core/node_facts.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(RoleText, IsOneWordARole) {
  EXPECT_EQ(RoleText(Role::kPrimary), "primary");
  EXPECT_EQ(RoleText(Role::kStandby), "standby");
  EXPECT_EQ(RoleText(Role::kUnknown), "unknown");
}

TEST(StateText, OfAPrimaryIsWritableWhateverElseIsSaid) {
  EXPECT_EQ(StateText(Role::kPrimary, Link::kNone, Replay::kRunning, false), "writable");
  EXPECT_EQ(StateText(Role::kPrimary, Link::kStreaming, Replay::kPaused, true), "writable");
}

TEST(StateText, OfAnUnknownRoleIsUnknown) {
  EXPECT_EQ(StateText(Role::kUnknown, Link::kStreaming, Replay::kPaused, true), "unknown");
}

TEST(StateText, OfAStandbySaysWhereItsWalComesFrom) {
  EXPECT_EQ(StateText(Role::kStandby, Link::kStreaming, Replay::kRunning, false), "streaming");
  EXPECT_EQ(StateText(Role::kStandby, Link::kFromArchive, Replay::kRunning, false), "from archive");
  EXPECT_EQ(StateText(Role::kStandby, Link::kNotReceiving, Replay::kRunning, false),
            "not receiving");
  EXPECT_EQ(StateText(Role::kStandby, Link::kNone, Replay::kRunning, false), "unknown");
}

TEST(StateText, TellsAPauseRatherThanTheLink) {
  EXPECT_EQ(StateText(Role::kStandby, Link::kStreaming, Replay::kPaused, false), "paused");
}

TEST(StateText, TellsTheLinkWhileAPauseIsOnlyRequested) {
  EXPECT_EQ(StateText(Role::kStandby, Link::kStreaming, Replay::kPauseRequested, false),
            "streaming");
}

TEST(StateText, TellsAPromotionRatherThanAPause) {
  EXPECT_EQ(StateText(Role::kStandby, Link::kStreaming, Replay::kPaused, true), "promoting");
}

TEST(LinkOf, StreamsWhileTheReceiverSaysSo) {
  LinkFacts facts;
  facts.receiver_streaming = true;
  EXPECT_EQ(LinkOf(facts), Link::kStreaming);

  facts.restore_command_set = true;
  facts.archive_feeds = true;
  EXPECT_EQ(LinkOf(facts), Link::kStreaming);
}

TEST(LinkOf, IsFedFromTheArchiveOnlyIfReplayAdvances) {
  LinkFacts facts;
  facts.restore_command_set = true;
  EXPECT_EQ(LinkOf(facts), Link::kNotReceiving);

  facts.archive_feeds = true;
  EXPECT_EQ(LinkOf(facts), Link::kFromArchive);
}

TEST(LinkOf, DoesNotTakeTheReplayOfOldWalForAnArchive) {
  LinkFacts facts;
  facts.archive_feeds = true;

  EXPECT_EQ(LinkOf(facts), Link::kNotReceiving);
}

}  // namespace
}  // namespace baton::core
