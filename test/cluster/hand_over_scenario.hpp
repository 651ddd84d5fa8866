// What scenarios about switchover and demotion share: two nodes, a hand-over that can be stopped at
// each of its steps, and what has to be so when it is over.
#pragma once

#include <string>

#include "test/cluster/baton_scenario.hpp"

namespace baton::test {

class HandOverScenario : public BatonScenario {
 protected:
  HandOverScenario();

  // Asks the primary, without waiting; returns the outcome, and its reason if it was refused.
  static std::string Ask(const Node& primary, const Node& target);
  static std::string AskToDemote(const Node& node);
  // The same, and waits until the target is the primary and the other one streams from it.
  testing::AssertionResult SwitchOver(const Node& from, const Node& to);
  // Whether this is so, or comes to be.
  testing::AssertionResult HaveRoles(const Node& primary, const Node& standby);
  // Whether one of the two is the primary and the other one streams from it, and which it is.
  testing::AssertionResult Settle();
  Node& primary() const { return *primary_; }
  Node& standby() const { return primary_ == &a_ ? b_ : a_; }

  // The worker of that node stops at this step of its next hand-over; GoOn lets it go on.
  static void PauseAt(Node& node, const std::string& step);
  static bool Pauses(const Node& node, const std::string& step);
  static void GoOn(Node& node);
  static std::string LastRequest(const Node& node);

  Node& a_;
  Node& b_;

 private:
  Node* primary_;
};

}  // namespace baton::test
