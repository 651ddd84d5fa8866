// What follows from a promotion, on the new primary and on the other standbys.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class Succession : public Scenario {
 protected:
  Succession() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {}

  // Nobody promotes before all of them know each other.
  void WaitUntilAllSeeEachOther(const std::vector<const Node*>& nodes) {
    for (const Node* const node : nodes) {
      // A node that is down, and registered all the same, does not count.
      EXPECT_TRUE(Returns(*node, "SELECT count(*) FROM baton.cluster WHERE reachable",
                          std::to_string(nodes.size())));
      EXPECT_TRUE(Becomes(*node, "monitor", "ok"));
    }
    for (const Node* const node : nodes) {
      if (node != &a_) WaitForReplay(a_, *node);
    }
  }
  static std::string Events(const Node& node, const std::string& kind) {
    return node.Rows(fmt::format(
        "SELECT message, detail FROM baton.events WHERE kind = '{}' ORDER BY event_id", kind));
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b, synchronous            a (dead)    b (primary), no longer synchronous
TEST_F(Succession, ANewPrimaryDoesNotWaitForItself) {
  for (const Node* const node : {&a_, &b_}) {
    node->Sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'");
    node->Sql("SELECT pg_reload_conf()");
  }
  WaitUntilAllSeeEachOther({&a_, &b_});

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  b_.Sql("CREATE TABLE t ()");
  EXPECT_EQ(b_.Sql("SHOW synchronous_standby_names"), "");
  EXPECT_THAT(
      Events(b_, "promotion"),
      HasSubstr("took this node out of synchronous_standby_names|It was \"FIRST 1 (b)\" and "
                "is \"\" now."));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.reign WHERE timeline = 2"), "1");
}

//   a (primary) <--- b            a (dead)    b (primary, all slots taken)   c
//               <--- c
TEST_F(Succession, SaysWhichSlotItCouldNotMake) {
  cluster_.Clone("c", a_);
  b_.Configure("max_replication_slots = 1");
  b_.Restart();
  b_.Sql("SELECT pg_create_physical_replication_slot('other')");
  a_.Sql("DELETE FROM baton.node WHERE name = 'b'");
  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.node", "2"));

  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.reign WHERE timeline = 2", "1"))
      << "what fails keeps nothing else waiting";
  EXPECT_THAT(Events(b_, "promotion"),
              HasSubstr("could not make a replication slot for c|All of max_replication_slots, 1, "
                        "are taken."));
  EXPECT_THAT(Events(b_, "promotion"),
              HasSubstr("this primary is not registered, so no other node can find it|"));
  EXPECT_THAT(b_.Log(), HasSubstr("WARNING:  this primary is not registered"));

  b_.Sql("SELECT pg_drop_replication_slot('other')");
  EXPECT_TRUE(Returns(b_, "SELECT slot_name FROM pg_replication_slots", "c"));
}

//   a (primary) <--- b            a (dead)    b (primary), its monitor killed meanwhile
TEST_F(Succession, GoesOnWhereAnEarlierMonitorEnded) {
  WaitUntilAllSeeEachOther({&a_, &b_});
  a_.Kill();
  ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_TRUE(Returns(b_, "SELECT count(*) FROM baton.reign WHERE timeline = 2", "1"));
  const std::string reign = b_.Sql("SELECT reign FROM baton.self_report(false)");

  const int monitor = b_.WorkerPid();
  b_.Sql(fmt::format("SELECT pg_terminate_backend({})", monitor));
  ASSERT_TRUE(Eventually([&] {
    const int now = b_.WorkerPid();
    return now != 0 && now != monitor;
  }));
  EXPECT_TRUE(Becomes(b_, "monitor", "ok"));
  EXPECT_EQ(b_.Sql("SELECT reign FROM baton.self_report(false)"), reign);

  b_.Restart();
  EXPECT_TRUE(Returns(b_, "SELECT reign FROM baton.self_report(false)", reign))
      << "it is on record";
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.reign"), "2");
}

}  // namespace
}  // namespace baton::test
