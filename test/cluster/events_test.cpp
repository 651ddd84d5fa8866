// baton.events: what is kept, of whom, and what is not worth keeping.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class Events : public Scenario {
 protected:
  // Nodes that are registered here are not there, and would keep a primary in quarantine.
  Events() : a_(cluster_.InitPrimary("a", kQuick + "pg_baton.quarantine_timeout = 0\n")) {}

  static std::string Count(const std::string& message) {
    return fmt::format("SELECT count(*) FROM baton.events WHERE message LIKE '{}'", message);
  }
  // Makes an event that no other node has, and waits until it is on disk.
  void NoteOn(const Node& primary, const std::string& name) {
    RegisterAt(primary, name, 1);
    EXPECT_TRUE(Returns(primary, Count("node " + name + " was registered"), "1"));
    EXPECT_TRUE(Eventually([&] {
      return helper::ReadFileIfThere(primary.data() / "pg_baton/events")
                 .value_or("")
                 .find("node " + name + " was registered") != std::string::npos;
    }));
  }
  static std::string LastId(const Node& node) {
    return node.Sql("SELECT max(event_id) FROM baton.events");
  }
  static void ExpectInOrder(const Node& node) {
    EXPECT_EQ(node.Sql("SELECT array_agg(event_id) = array_agg(event_id ORDER BY event_id DESC)"
                       " AND max(event_id) - min(event_id) = count(*) - 1 FROM baton.events"),
              "t")
        << node.Rows("SELECT * FROM baton.events");
  }

  Node& a_;
};

TEST_F(Events, SurviveARestartAndACrash) {
  NoteOn(a_, "ghost");
  const std::string before = LastId(a_);

  a_.Restart();
  EXPECT_TRUE(Returns(a_, Count("the server started as primary on timeline 1"), "2"));
  EXPECT_EQ(a_.Sql(Count("node ghost was registered")), "1");
  EXPECT_GT(std::stoi(LastId(a_)), std::stoi(before));
  ExpectInOrder(a_);

  NoteOn(a_, "spectre");
  {
    helper::Connection victim = a_.Connect();
    SendSignal(std::stoi(victim.Value("SELECT pg_backend_pid()")), SIGKILL);
  }
  EXPECT_TRUE(Returns(a_, Count("the server started as primary on timeline 1"), "3"));
  EXPECT_EQ(a_.Sql(Count("node ghost was registered")), "1");
  EXPECT_EQ(a_.Sql(Count("node spectre was registered")), "1");
  ExpectInOrder(a_);
}

TEST_F(Events, AreTheLast256NewestFirst) {
  const auto change_all = [&](const std::string& call) {
    a_.Sql(fmt::format("SELECT baton.{} FROM generate_series(1, 100) AS i", call));
    EXPECT_TRUE(Returns(a_, "SELECT count(*) FILTER (WHERE name <> 'a') FROM baton.cluster",
                        call.starts_with("register") ? "100" : "0"));
  };
  for (int round = 0; round < 2; ++round) {
    change_all("register_node('n' || i, 'host=127.0.0.1 port=1 dbname=postgres')");
    EXPECT_TRUE(Becomes(a_, "peers", "warning"));
    change_all("unregister_node('n' || i)");
  }

  EXPECT_TRUE(Returns(a_, "SELECT count(*), max(event_id) > 400 FROM baton.events", "256|t"));
  ExpectInOrder(a_);
  a_.Restart();
  EXPECT_TRUE(Returns(a_, Count("the server started as primary on timeline 1"), "1"))
      << "that of the first start is no longer there";
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM baton.events"), "256");
  ExpectInOrder(a_);
}

//   a (primary) <--- b          a (killed)   b (primary)          a ---> b (primary)
TEST_F(Events, AreOfThisNodeAloneAlsoAfterACloneAndARewind) {
  NoteOn(a_, "of_a");
  Node& b = cluster_.Clone("b", a_);
  EXPECT_TRUE(Returns(b, Count("the server started as standby on timeline 1"), "1"));
  EXPECT_EQ(b.Sql(Count("node of_a was registered")), "0");
  EXPECT_EQ(b.Sql("SELECT min(event_id) FROM baton.events"), "1");
  ExpectInOrder(b);

  ASSERT_EQ(b.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  NoteOn(b, "of_b");
  {
    // Without WAL of its own it would not be rewound; the gate is closed here by now.
    helper::Connection session = a_.Connect();
    session.Query("SET pg_baton.bypass_gate = on");
    session.Query("CREATE TABLE of_a_alone (n integer)");
  }
  a_.Kill();
  const HelperResult result = cluster_.RunRejoin(a_, b);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ASSERT_NE(result.output.find("rewound: "), std::string::npos) << result.output;

  EXPECT_TRUE(Returns(a_, "SELECT count(*) > 0 FROM baton.events", "t"));
  EXPECT_TRUE(Returns(a_, Count("the server started as standby on timeline 2"), "1"));
  EXPECT_EQ(a_.Sql(Count("node of_b was registered")), "0");
  EXPECT_EQ(a_.Sql(Count("became primary%")), "0");
  ExpectInOrder(a_);
  EXPECT_TRUE(Returns(b, Count("became primary on timeline 2"), "1"));
  EXPECT_EQ(b.Sql(Count("promote requested by%")), "1");
}

//   a (primary) <--- b
TEST_F(Events, TellOfAHealthThatLastsAndNotOfOneThatFlaps) {
  Node& b = cluster_.Clone("b", a_);
  b.Sql("ALTER SYSTEM SET pg_baton.health_hold = '4s'");
  b.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Becomes(b, "replay_paused", "ok", "replay is running"));

  b.Sql("SELECT pg_wal_replay_pause()");
  EXPECT_TRUE(Becomes(b, "replay_paused", "ok", "replay is paused (becomes warning if it lasts"));
  b.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(Becomes(b, "replay_paused", "ok", "replay is running"));
  EXPECT_EQ(b.Sql(Count("replay_paused%")), "0");

  b.Sql("SELECT pg_wal_replay_pause()");
  EXPECT_TRUE(Becomes(b, "replay_paused", "warning", "replay is paused"));
  EXPECT_TRUE(Returns(b,
                      "SELECT kind, message, detail FROM baton.events"
                      " WHERE message LIKE 'replay_paused%'",
                      "health|replay_paused became warning, was ok|replay is paused"));
  EXPECT_EQ(b.Sql("SELECT e.happened_at - h.since < '1 s' FROM baton.events AS e, baton.health AS h"
                  " WHERE e.message LIKE 'replay_paused%' AND h.check_name = 'replay_paused'"),
            "t");

  b.Sql("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(Returns(b, Count("replay_paused became ok, was warning"), "1"));
}

}  // namespace
}  // namespace baton::test
