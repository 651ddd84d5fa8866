// What scenarios about an old primary's next start share: a primary that has written down which
// other node there is, and that node, which takes over.
#pragma once

#include "test/cluster/scenario.hpp"

namespace baton::test {

class OldPrimaryScenario : public Scenario {
 protected:
  //   a (primary) <--- b
  OldPrimaryScenario();

  static fs::path StateFile(const Node& node) { return node.data() / "pg_baton" / "state"; }
  // Whether it has written down that there is such a node, for its next start.
  static bool Knows(const Node& node, const std::string& peer);
  // Whether it comes to take connections.
  static bool Accepts(const Node& node);
  // And lets it write what the old primary does not have.
  void PromoteB();
  static testing::AssertionResult Follows(const Node& node, const Node& primary);

  Node& a_;
  Node& b_;
};

}  // namespace baton::test
