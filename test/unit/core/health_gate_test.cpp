#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

NodeFacts Closed(NodeFacts node) {
  node.gate.text = "closed";
  node.gate.reasons = "another primary";
  node.gate.detail = "Node \"b\" is the primary on timeline 3.";
  node.gate.hint = "Connect there.";
  return node;
}

TEST(HealthWriteGate, IsOkWhenItIsOpen) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "write_gate"), Ok("open", "commits pass"));
  EXPECT_EQ(HealthOf(HealthyStandby(), "write_gate"),
            Ok("open", "commits would pass after a promotion"));
}

TEST(HealthWriteGate, OfAPrimaryIsCriticalWhenItIsClosed) {
  EXPECT_EQ(HealthOf(Closed(HealthyPrimary()), "write_gate"),
            Critical("closed",
                     "commits are refused: another primary. Node \"b\" is the primary on "
                     "timeline 3.",
                     "Connect there."));
}

TEST(HealthWriteGate, OfAStandbyWarnsOfWhatAPromotionWouldMeet) {
  EXPECT_EQ(HealthOf(Closed(HealthyStandby()), "write_gate"),
            Warning("closed",
                    "after a promotion commits would be refused: another primary. Node \"b\" is "
                    "the primary on timeline 3.",
                    "Connect there."));
}

TEST(HealthWriteGate, WarnsWhenItOpenedUnheard) {
  NodeFacts node = HealthyPrimary();
  node.gate.unheard = true;
  EXPECT_EQ(HealthOf(node, "write_gate"),
            Warning("open",
                    "it opened after the start although too few of the other nodes had answered, "
                    "and they have not answered since",
                    "Make sure that none of them is a primary, too."));
}

TEST(HealthWriteGate, WarnsOfSubscriptionsThatCommitPastIt) {
  NodeFacts node = HealthyPrimary();
  node.gate.two_phase_subscriptions = 2;
  EXPECT_EQ(HealthOf(node, "write_gate"),
            Warning("open", "2 subscriptions with two_phase commit past the gate",
                    "Make them anew without two_phase."));
}

TEST(HealthWriteGate, IsUnknownUntilItWasRead) {
  NodeFacts node = HealthyPrimary();
  node.gate.measured = false;
  EXPECT_EQ(HealthOf(node, "write_gate"), Unknown("", "the gate was not read yet"));
}

}  // namespace
}  // namespace baton::core
