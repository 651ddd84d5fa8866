#include "test/cluster/old_primary_scenario.hpp"

#include <fmt/format.h>

#include "helper/system/file.hpp"

namespace baton::test {

OldPrimaryScenario::OldPrimaryScenario()
    : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 100) AS n");
  WaitForReplay(a_, b_);
  EXPECT_TRUE(Knows(a_, "b"));
  EXPECT_TRUE(Knows(b_, "a"));
}

bool OldPrimaryScenario::Knows(const Node& node, const std::string& peer) {
  return Eventually([&] {
    const auto text = helper::ReadFileIfThere(StateFile(node));
    return text && text->find(fmt::format("\"name\": \"{}\"", peer)) != std::string::npos;
  });
}

bool OldPrimaryScenario::Accepts(const Node& node) {
  return Eventually([&] {
    try {
      return node.Sql("SELECT 1") == "1";
    } catch (const core::Error&) {
      return false;
    }
  });
}

void OldPrimaryScenario::PromoteB() {
  ASSERT_TRUE(Returns(b_, "SELECT outcome FROM baton.promote()", "promoted"));
  b_.Sql("INSERT INTO t SELECT generate_series(101, 110)");
}

testing::AssertionResult OldPrimaryScenario::Follows(const Node& node, const Node& primary) {
  const auto streams =
      Returns(node, "SELECT role, state FROM baton.node_status", "standby|streaming");
  if (!streams) return streams;
  WaitForReplay(primary, node);
  return Returns(node, "SELECT count(*) FROM t", primary.Sql("SELECT count(*) FROM t"));
}

}  // namespace baton::test
