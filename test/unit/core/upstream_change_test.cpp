#include "core/upstream_change.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

UpstreamChangeFacts Changed() {
  UpstreamChangeFacts facts;
  facts.has_slot = facts.has_wal = facts.changed = true;
  return facts;
}

TEST(UpstreamChange, GoesItsStepsInTheirOrder) {
  UpstreamChangeFacts facts;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kMakeSlot);
  facts.has_slot = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kAwaitWal);
  facts.has_wal = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kChange);
  facts.changed = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kAwaitStream);
  facts.streams = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kDone);
}

TEST(UpstreamChange, WaitsForNoWalOnceItIsChanged) {
  UpstreamChangeFacts facts = Changed();
  facts.has_wal = false;

  EXPECT_EQ(NextStep(facts), UpstreamStep::kAwaitStream);
}

TEST(UpstreamChange, ChangesNothingWhenTheTimeIsOver) {
  UpstreamChangeFacts facts;
  facts.has_slot = facts.has_wal = true;
  facts.streamed_before = true;
  facts.time_is_over = true;

  EXPECT_EQ(NextStep(facts), UpstreamStep::kGiveUp);
}

TEST(UpstreamChange, GoesBackOnlyToWhereItStreamed) {
  UpstreamChangeFacts facts = Changed();
  facts.time_is_over = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kStay);

  facts.streamed_before = true;
  EXPECT_EQ(NextStep(facts), UpstreamStep::kGoBack);
}

TEST(UpstreamChange, IsDoneAlsoInTheLastMoment) {
  UpstreamChangeFacts facts = Changed();
  facts.time_is_over = true;
  facts.streams = true;

  EXPECT_EQ(NextStep(facts), UpstreamStep::kDone);
}

TEST(UpstreamChange, EndsWithThePromotionOfThisServer) {
  UpstreamChangeFacts promoted = Changed();
  promoted.is_standby = false;
  EXPECT_EQ(NextStep(promoted), UpstreamStep::kPromoted);

  UpstreamChangeFacts promoting;
  promoting.promoting = true;
  EXPECT_EQ(NextStep(promoting), UpstreamStep::kPromoted);
}

}  // namespace
}  // namespace baton::core
