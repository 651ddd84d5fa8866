#include "core/succession.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using Step = SuccessionStep;
using Names = std::vector<std::string>;

constexpr Instant kNow = 1000s;

TEST(Succession, TakesItsStepsInTheirOrder) {
  Succession succession = Succession::OfPromotion();
  std::vector<Step> taken;
  while (const auto step = succession.Next(kNow)) {
    taken.push_back(*step);
    succession.Done(*step);
  }

  EXPECT_EQ(taken, (std::vector<Step>{Step::kSlots, Step::kCheckpoint, Step::kSyncNames,
                                      Step::kRegistration, Step::kRecord}));
  EXPECT_TRUE(succession.IsDone());
}

TEST(Succession, OfAStartIsTheRecordAlone) {
  EXPECT_EQ(Succession::OfStart().Next(kNow), Step::kRecord);
  EXPECT_FALSE(Succession::OfStart().IsDone());
  EXPECT_TRUE(Succession::OfNothing().IsDone());
}

TEST(Succession, GoesOnPastAStepThatFails) {
  Succession succession = Succession::OfPromotion();
  succession.Attempt(Step::kSlots, kNow);

  EXPECT_EQ(succession.Next(kNow), Step::kCheckpoint);
}

TEST(Succession, WaitsForTheRegistryOnlyWhereItIsNeeded) {
  Succession succession = Succession::OfPromotion();
  EXPECT_EQ(succession.Next(kNow, false), Step::kCheckpoint);

  succession.Done(Step::kCheckpoint);
  succession.Done(Step::kSyncNames);
  EXPECT_EQ(succession.Next(kNow, false), std::nullopt);
  EXPECT_EQ(succession.Next(kNow, true), Step::kSlots);
}

TEST(Succession, TriesAgainLaterAndLater) {
  Succession succession = Succession::OfStart();
  succession.Attempt(Step::kRecord, kNow);
  EXPECT_EQ(succession.Next(kNow + 1s - 1us), std::nullopt);
  EXPECT_EQ(succession.Next(kNow + 1s), Step::kRecord);

  succession.Attempt(Step::kRecord, kNow);
  EXPECT_EQ(succession.Next(kNow + 2s - 1us), std::nullopt);
  EXPECT_EQ(succession.Next(kNow + 2s), Step::kRecord);

  for (int i = 0; i < 100; ++i) succession.Attempt(Step::kRecord, kNow);
  EXPECT_EQ(succession.Next(kNow + 60s - 1us), std::nullopt);
  EXPECT_EQ(succession.Next(kNow + 60s), Step::kRecord);
  EXPECT_EQ(succession.Attempts(Step::kRecord), 102u);
}

TEST(Succession, WantsASlotForEachOtherNodeButTheFormerPrimary) {
  const SlotPlan plan = PlanSlots({"a", "b", "c", "d"}, "b", "a", {"d", "other"}, 10);

  EXPECT_EQ(plan.wanted, Names{"c"});
  EXPECT_EQ(plan.no_room, Names{});
}

TEST(Succession, WantsNoMoreSlotsThanThereIsRoomFor) {
  const SlotPlan plan = PlanSlots({"a", "b", "c", "d", "e"}, "b", "a", {"other"}, 2);

  EXPECT_EQ(plan.wanted, Names{"c"});
  EXPECT_EQ(plan.no_room, (Names{"d", "e"}));
}

TEST(Succession, HasNoRoomWhereThereAreMoreSlotsThanAllowed) {
  EXPECT_EQ(PlanSlots({"b", "c", "d"}, "b", "", {"x", "y"}, 0).no_room, (Names{"c", "d"}));
}

TEST(Succession, SaysWhatIsKnownOfAPromotion) {
  const Message known = PromotionMessage({1, 2, Lsn(0x5000000)}, "a", 2048, false);
  EXPECT_EQ(known.message, "this node is the primary on timeline 2 from 0/5000000 on");
  EXPECT_EQ(known.detail, "former primary a; 2.0 kB known to be missing");

  const Message unknown = PromotionMessage({1, 2, Lsn(0x5000000)}, "", std::nullopt, true);
  EXPECT_EQ(unknown.detail, "former primary not known; what is missing is not known; forced");
}

}  // namespace
}  // namespace baton::core
