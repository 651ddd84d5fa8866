// pg_baton.event_command: what happens on a node is handed to a shell command, which may be slow,
// broken or hang without anybody else noticing.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class EventCommand : public Scenario {
 protected:
  EventCommand()
      : script_(cluster_.directory() / "on_event.sh"), told_(cluster_.directory() / "told") {}

  // From the next event on; `limit` is how long each run may take.
  void Set(Node& node, const std::string& script, const std::string& limit = "10s") {
    std::ofstream(script_) << script;
    node.Configure(
        fmt::format("pg_baton.event_command = 'sh {}'\n"
                    "pg_baton.event_command_timeout = {}\n",
                    script_.string(), limit));
    node.Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(Returns(node, "SELECT current_setting('pg_baton.event_command') <> ''", "t"));
    // The monitor reads it too before it looks at what is done from here on.
    node.Sql("SELECT baton.check_now()");
  }
  // Appends a line to the file `told`.
  std::string Teller(const std::string& what) {
    return fmt::format("echo \"{}\" >> {}\n", what, told_.string());
  }
  std::string Told() { return helper::ReadFileIfThere(told_).value_or(""); }
  testing::AssertionResult ComesToTell(const std::string& part) {
    if (Eventually([&] { return Told().find(part) != std::string::npos; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "told is: " << Told();
  }
  static testing::AssertionResult Logs(const Node& node, const std::string& part) {
    if (Eventually([&] { return node.Log().find(part) != std::string::npos; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << node.Log();
  }

  fs::path script_;
  fs::path told_;
};

//   a (primary) <--- b            a (killed)      b (primary, timeline 2)
TEST_F(EventCommand, IsToldOfAPromotionInOrder) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Node& b = cluster_.Clone("b", a);
  Set(b, Teller("$PG_BATON_NODE|$PG_BATON_EVENT_ID|$PG_BATON_EVENT_KIND|$PG_BATON_EVENT_MESSAGE|"
                "$PG_BATON_EVENT_DETAIL|$PG_BATON_EVENT_TIME"));
  const std::string before = b.Sql("SELECT max(event_id) FROM baton.events");
  a.Kill();
  ASSERT_TRUE(Returns(b, "SELECT state FROM baton.node_status", "not receiving"));

  ASSERT_EQ(b.Sql("SELECT outcome FROM baton.promote()"), "promoted");

  EXPECT_TRUE(ComesToTell("|request|promote requested by "));
  EXPECT_TRUE(ComesToTell("|role|became primary on timeline 2|It was standby.|"));
  const std::string last = b.Sql("SELECT max(event_id) FROM baton.events WHERE kind = 'request'");
  const std::string all = b.Sql(fmt::format(
      "SELECT string_agg(concat_ws('|', 'b', event_id, kind, message, COALESCE(detail, ''),"
      " to_char(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')), E'\\n'"
      " ORDER BY event_id) FROM baton.events WHERE event_id > {} AND event_id <= {}",
      before, last));
  EXPECT_THAT(Told(), HasSubstr(all));
}

TEST_F(EventCommand, ThatHangsIsKilledAtItsLimitWithAllThatItStarted) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const int monitor = a.WorkerPid();
  Set(a,
      fmt::format("sleep 1000 & echo $! > {}.tmp; mv {}.tmp {}; wait\n", told_.string(),
                  told_.string(), told_.string()),
      "1s");

  RegisterAt(a, "b", 1);

  EXPECT_TRUE(Logs(a, "event command was killed after 1000 ms"));
  EXPECT_TRUE(ComesToTell("\n"));
  const int hanging = std::stoi(Told());
  EXPECT_TRUE(Eventually([&] { return kill(hanging, 0) != 0; }));
  EXPECT_EQ(a.Sql("SELECT baton.check_now()"), "t");
  EXPECT_EQ(a.Sql("SELECT status FROM baton.health WHERE check_name = 'storage'"), "ok");
  EXPECT_EQ(a.WorkerPid(), monitor);
}

TEST_F(EventCommand, ThatHangsDoesNotHoldTheServerBack) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Set(a,
      fmt::format("echo $$ > {}.tmp; mv {}.tmp {}; exec sleep 1000\n", told_.string(),
                  told_.string(), told_.string()),
      "1h");
  RegisterAt(a, "b", 1);
  ASSERT_TRUE(ComesToTell("\n"));

  EXPECT_EQ(a.Sql("SELECT baton.check_now()"), "t");
  a.Stop("fast");

  const int hanging = std::stoi(Told());
  EXPECT_TRUE(Eventually([&] { return kill(hanging, 0) != 0; }));
}

TEST_F(EventCommand, IsToldOnlyOfWhatHappensFromThenOn) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  RegisterAt(a, "b", 1);
  ASSERT_TRUE(Returns(
      a, "SELECT count(*) FROM baton.events WHERE message = 'node b does not answer'", "1"));
  Set(a, Teller("$PG_BATON_EVENT_MESSAGE"));
  RegisterAt(a, "c", 1);
  EXPECT_TRUE(ComesToTell("node c was registered\n"));
  EXPECT_TRUE(ComesToTell("node c does not answer\n"));
  EXPECT_THAT(Told(), Not(HasSubstr("node b ")));

  a.Restart();

  EXPECT_TRUE(ComesToTell("the server started as primary on timeline 1\n"));
  EXPECT_TRUE(Eventually([&] { return a.Sql("SELECT baton.check_now()") == "t"; }));
  const std::string told = Told();
  EXPECT_EQ(told.find("node c was registered\n"), told.rfind("node c was registered\n"));
}

TEST_F(EventCommand, ThatFailsIsLoggedAndNotRepeated) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  Set(a, Teller("$PG_BATON_EVENT_MESSAGE") + "echo 'no such pigeon' >&2; exit 3\n");

  RegisterAt(a, "b", 1);

  EXPECT_TRUE(ComesToTell("node b does not answer\n"));
  EXPECT_TRUE(Logs(a, "WARNING:  event command failed with exit code 3"));
  EXPECT_THAT(a.Log(),
              ContainsRegex("Event [0-9]+: node b was registered; it printed: no such pigeon"));
  const std::string told = Told();
  EXPECT_EQ(told.find("node b was registered\n"), told.rfind("node b was registered\n"));
}

TEST_F(EventCommand, CannotBeToldToRunWhatAnEventSays) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const std::string name = "$(touch hacked)'\"; touch hacked; `touch hacked`";
  a.Sql("ALTER SYSTEM SET pg_baton.promote_trigger_file = $$" + name + "$$");
  Set(a, Teller("$PG_BATON_EVENT_MESSAGE"));

  std::ofstream(a.data() / name) << "force";

  EXPECT_TRUE(ComesToTell("trigger file \"" + name + "\" was removed, and asks for nothing\n"));
  EXPECT_FALSE(fs::exists(a.data() / "hacked"));
}

// As in the manual, but for the program that takes the mail.
TEST_F(EventCommand, MayBeAWholeLineOfShellInTheConfiguration) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  a.Configure(
      "pg_baton.event_command = 'test \"$PG_BATON_EVENT_KIND\" = health || printf "
      "\"Subject: %s: %s\\n\\n%s\\n%s\\n\" \"$PG_BATON_NODE\" \"$PG_BATON_EVENT_MESSAGE\" "
      "\"$PG_BATON_EVENT_TIME\" \"$PG_BATON_EVENT_DETAIL\" | cat >> " +
      told_.string() + "'\n");
  a.Restart();

  EXPECT_TRUE(Eventually([&] {
    return testing::Value(Told(), ContainsRegex("^Subject: a: the server started as primary on "
                                                "timeline 1\n\n20[0-9:T.-]+Z\nPostgreSQL [0-9]"));
  })) << Told();
  EXPECT_THAT(a.Log(), Not(HasSubstr("event command failed")));
}

TEST_F(EventCommand, ThatIsTooSlowIsTheReasonWhyEventsAreLostAndCounted) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const fs::path go_on = cluster_.directory() / "go_on";
  Set(a,
      Teller("$PG_BATON_EVENT_ID") +
          fmt::format("until [ -e {} ]; do sleep 0.1; done\n", go_on.string()),
      "1h");
  RegisterAt(a, "b", 1);
  ASSERT_TRUE(ComesToTell("\n"));
  const std::int64_t first = std::stoll(Told());

  for (const char* const change :
       {"baton.register_node('n' || i, 'host=127.0.0.1 port=1')", "baton.unregister_node('n' || i)",
        "baton.register_node('n' || i, 'host=127.0.0.1 port=1')",
        "baton.unregister_node('n' || i)"}) {
    a.Sql(fmt::format("SELECT count({}) FROM generate_series(1, 90) AS i", change));
    a.Sql("SELECT baton.check_now()");
  }
  ASSERT_TRUE(
      Returns(a, fmt::format("SELECT min(event_id) > {} FROM baton.events", first + 1), "t"));
  std::ofstream(go_on) << "";

  EXPECT_TRUE(Logs(a, " events were never handed to the event command"));
  const std::string last = a.Sql("SELECT max(event_id) FROM baton.events");
  EXPECT_TRUE(ComesToTell("\n" + last + "\n"));
}

}  // namespace
}  // namespace baton::test
