#include "core/gate_explanation.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr GateReasons Bit(GateReason reason) { return static_cast<GateReasons>(reason); }

TEST(GateExplanation, HasNothingToSayOfAnOpenGate) {
  const GateExplanation why = ExplainGate(0, {}, "");
  EXPECT_EQ(why.names, "");
  EXPECT_EQ(why.detail, "");
  EXPECT_EQ(why.hint, "");
}

TEST(GateExplanation, NamesThePresentPrimary) {
  NodeState state;
  state.successor = "b";
  state.successor_reign.timeline = 3;
  const GateReasons reasons = Bit(GateReason::kAnotherPrimary) | Bit(GateReason::kFencedByHand);

  EXPECT_EQ(ExplainGate(reasons, state, "").names, "fenced by hand, another primary");
  EXPECT_EQ(ExplainGate(reasons, state, "").detail, "Node \"b\" is the primary on timeline 3.");
  state.successor = "";
  EXPECT_EQ(ExplainGate(reasons, state, "").detail, "There is a primary on timeline 3.");
}

TEST(GateExplanation, SaysWhoFencedItAndWhy) {
  NodeState state;
  state.fenced_by = "alice";
  EXPECT_EQ(ExplainGate(Bit(GateReason::kFencedByHand), state, "").detail,
            "It was fenced by \"alice\".");
  state.fence_reason = "moving house";
  EXPECT_EQ(ExplainGate(Bit(GateReason::kFencedByHand), state, "").detail,
            "It was fenced by \"alice\": moving house.");
}

TEST(GateExplanation, HasAHintForEachReason) {
  for (GateReasons bit = 1; bit <= 64; bit <<= 1) {
    const GateExplanation why = ExplainGate(bit, {}, "file is damaged");
    EXPECT_FALSE(why.names.empty()) << bit;
    EXPECT_TRUE(why.detail.ends_with(".")) << bit;
    EXPECT_TRUE(why.hint.ends_with(".")) << bit;
  }
}

}  // namespace
}  // namespace baton::core
