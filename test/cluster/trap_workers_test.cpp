// Workers of pg_baton that do not answer: what they said last is not shown as what is, and nobody
// waits for them.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <stdexcept>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::StartsWith;

// Stops a process, and lets it go on when the test ends.
class Stopped {
 public:
  explicit Stopped(int pid) : pid_(pid) {
    if (pid_ <= 0) throw std::runtime_error("there is nothing to stop");
    SendSignal(pid_, SIGSTOP);
  }
  ~Stopped() { GoOn(); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  void GoOn() { SendSignal(pid_, SIGCONT); }

 private:
  int pid_;
};

class TrapWorkers : public Scenario {
 protected:
  TrapWorkers() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(a_, "peers", "ok"));
    EXPECT_TRUE(Becomes(a_, "storage", "ok"));
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
  }

  void ExpectReadersDoNotWait() {
    helper::Connection session = a_.Connect();
    session.Run("SET statement_timeout = '2s'");
    for (int i = 0; i < 200; ++i) {
      session.Query(
          "SELECT (SELECT count(*) FROM baton.health), (SELECT count(*) FROM baton.cluster),"
          " (SELECT count(*) FROM baton.standbys), (SELECT count(*) FROM baton.slots),"
          " (SELECT count(*) FROM baton.events), (SELECT count(*) FROM baton.node_status),"
          " (SELECT count(*) FROM baton.settings_check), length(baton.metrics())");
    }
  }

  Node& a_;
  Node& b_;
};

TEST_F(TrapWorkers, AStoppedMonitorLeavesNoVerdictThatIsKnown) {
  Stopped monitor(a_.WorkerPid());

  ASSERT_TRUE(Returns(a_,
                      "SELECT count(*) FROM baton.health WHERE status <> 'unknown'"
                      " AND check_name <> 'observer'",
                      "0"));
  ExpectReadersDoNotWait();
  EXPECT_TRUE(Becomes(a_, "monitor", "unknown", "the monitor has stopped looking"));
  EXPECT_THAT(Message(a_, "standbys"), testing::ContainsRegex("^not checked for [0-9.]+ m?s; it "
                                                              "was ok: every registered"));
  EXPECT_EQ(a_.Rows("SELECT state, connected IS NULL, replay_lag IS NULL, reason LIKE 'not looked "
                    "at for %' FROM baton.standbys"),
            "unknown|t|t|t");
  EXPECT_EQ(a_.Sql("SELECT baton.check_now('100 ms')"), "f");

  monitor.GoOn();
  EXPECT_TRUE(Becomes(a_, "monitor", "ok", "the monitor is at work"));
  EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
}

TEST_F(TrapWorkers, AStoppedObserverMakesTheOtherNodesUnknown) {
  Stopped observer(a_.ProcessPid("pg_baton observer"));

  EXPECT_TRUE(Becomes(a_, "observer", "unknown", "the observer has stopped looking"));
  EXPECT_TRUE(Becomes(a_, "peers", "unknown", "the other nodes have not been asked lately"));
  EXPECT_TRUE(
      Becomes(a_, "other_primaries", "unknown", "the other nodes have not been asked lately"));
  ExpectReadersDoNotWait();
  EXPECT_THAT(a_.Rows("SELECT reachable, error FROM baton.cluster WHERE name = 'b'"),
              StartsWith("f|the observer has asked nobody for "));
  EXPECT_EQ(a_.Rows("SELECT reachable, error FROM baton.cluster WHERE name = 'a'"), "t|")
      << "this node needs nobody to know of itself";
  EXPECT_TRUE(Becomes(a_, "monitor", "ok"));
  EXPECT_TRUE(Becomes(a_, "standbys", "ok"));

  observer.GoOn();
  EXPECT_TRUE(Becomes(a_, "observer", "ok", "the observer is at work"));
  EXPECT_TRUE(Becomes(a_, "peers", "ok"));
  EXPECT_TRUE(Returns(a_, "SELECT reachable, error FROM baton.cluster WHERE name = 'b'", "t|"));
}

TEST_F(TrapWorkers, AStoppedStorageWorkerMakesTheDisksUnknown) {
  const int pid = a_.ProcessPid("pg_baton storage");
  std::optional<Stopped> storage;
  // Stopped between two writes: one that is stopped in its middle is a write that lasts.
  ASSERT_TRUE(Eventually([&] {
    storage.emplace(pid);
    Eventually([&] { return Status(a_, "storage") != "ok"; });
    if (Status(a_, "storage") == "unknown") return true;
    storage.reset();
    Eventually([&] { return Status(a_, "storage") == "ok"; });
    return false;
  }));

  EXPECT_TRUE(
      Becomes(a_, "storage", "unknown", "no write to the data directory has been tried for "));
  EXPECT_TRUE(Becomes(a_, "wal_space", "unknown", "free space has not been measured for "));
  EXPECT_TRUE(Becomes(a_, "disk_space", "unknown", "free space has not been measured for "));
  ExpectReadersDoNotWait();
  EXPECT_TRUE(Becomes(a_, "monitor", "ok"));
  EXPECT_TRUE(Becomes(a_, "observer", "ok"));

  storage->GoOn();
  EXPECT_TRUE(Becomes(a_, "storage", "ok"));
  EXPECT_TRUE(Becomes(a_, "wal_space", "ok"));
}

// Bytes that the monitor's longest-lived memory context has in use, as the server logs it on
// request.
long MonitorsBytes(const Node& node) {
  const std::string mark = "TopMemoryContext: ";
  const std::size_t before = node.Log().rfind(mark);
  node.Sql(fmt::format("SELECT pg_log_backend_memory_contexts({})", node.WorkerPid()));
  std::size_t at = before;
  EXPECT_TRUE(Eventually([&] {
    at = node.Log().rfind(mark);
    return at != before && node.Log().find("Grand total", at) != std::string::npos;
  }));
  const std::string line = node.Log().substr(at, node.Log().find('\n', at) - at);
  const std::size_t used = line.rfind(" chunks); ");
  return used == std::string::npos ? -1 : std::stol(line.substr(used + 10));
}

TEST_F(TrapWorkers, AMonitorUsesNoMoreMemoryTheLongerItRuns) {
  for (const Node* const node : {&a_, &b_}) {
    node->Sql("ALTER SYSTEM SET pg_baton.check_interval = '100ms'");
    node->Sql("SELECT pg_reload_conf()");
  }
  ASSERT_TRUE(Becomes(b_, "settings_drift", "ok")) << "from then on it compares settings";
  const auto passed = [](std::chrono::seconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    return Eventually([end] { return std::chrono::steady_clock::now() > end; });
  };
  // What is read once every ten seconds has been read.
  ASSERT_TRUE(passed(11s));

  const long primary = MonitorsBytes(a_);
  const long standby = MonitorsBytes(b_);
  ASSERT_GT(primary, 0);
  ASSERT_GT(standby, 0);
  ASSERT_TRUE(passed(8s));

  // Within about eighty looks; 250 bytes a look would be 20 kB.
  EXPECT_LT(MonitorsBytes(a_) - primary, 4000);
  EXPECT_LT(MonitorsBytes(b_) - standby, 4000);
}

}  // namespace
}  // namespace baton::test
