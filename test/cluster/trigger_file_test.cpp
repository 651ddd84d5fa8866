// pg_baton.promote_trigger_file: a promotion asked for by a file, where nobody can connect.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class PromoteTriggerFile : public Scenario {
 protected:
  PromoteTriggerFile()
      : a_(cluster_.InitPrimary("a", kQuick + "max_connections = 12\n"
                                              "pg_baton.promote_trigger_file = 'promote.now'\n")),
        b_(cluster_.Clone("b", a_)) {
    // Only what appears after the first look asks for anything.
    EXPECT_TRUE(Returns(b_, "SELECT count(*) > 0 FROM baton.events WHERE kind = 'started'", "t"));
    EXPECT_TRUE(Returns(b_, "SELECT status FROM baton.health WHERE check_name = 'storage'", "ok"));
  }

  static fs::path File(const Node& node) { return node.data() / "promote.now"; }
  static void Write(const fs::path& file, const std::string& content = "") {
    std::ofstream(file) << content;
  }
  void KillPrimary() {
    a_.Kill();
    ASSERT_TRUE(Returns(b_, "SELECT state FROM baton.node_status", "not receiving"));
  }
  static std::string Events(const Node& node) {
    return node.Rows("SELECT message, detail FROM baton.events WHERE kind = 'trigger file'");
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <--- b            a (killed)      b (primary, timeline 2)
TEST_F(PromoteTriggerFile, PromotesWhenNobodyCanConnectAnyMore) {
  KillPrimary();
  std::vector<helper::Connection> sessions;
  EXPECT_THROW(for (int i = 0; i < 20; ++i) sessions.push_back(b_.Connect()), core::Error);

  Write(File(b_));

  ASSERT_TRUE(Eventually([&] {
    return b_.Log().find("promotion finished: this server is the primary on timeline 2") !=
           std::string::npos;
  })) << b_.Log();
  EXPECT_FALSE(fs::exists(File(b_)));
  sessions.clear();
  EXPECT_TRUE(Returns(b_, "SELECT outcome, force, requested_by, timeline FROM baton.requests",
                      "promoted|f|trigger file|2"));
  EXPECT_TRUE(Returns(b_,
                      "SELECT message FROM baton.events WHERE kind IN ('trigger file', "
                      "'request') ORDER BY event_id",
                      "trigger file \"promote.now\" asks for a promotion\n"
                      "promote requested by trigger file: promoted"));
}

TEST_F(PromoteTriggerFile, IsRefusedWhileThePrimaryLivesAndForceTakesIt) {
  Write(File(b_));
  EXPECT_TRUE(Returns(b_, "SELECT message, detail FROM baton.events WHERE kind = 'request'",
                      "promote requested by trigger file: refused|primary_alive: node \"a\" "
                      "answers as primary on timeline 1"));
  EXPECT_FALSE(fs::exists(File(b_)));
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_THAT(b_.Log(), HasSubstr("promotion asked for by trigger file: refused"));

  Write(File(b_), "force\n");

  EXPECT_TRUE(Returns(b_, "SELECT outcome, force FROM baton.requests ORDER BY request_id",
                      "refused|f\npromoted|t"));
}

TEST_F(PromoteTriggerFile, SayingAnythingElseAsksForNothing) {
  KillPrimary();

  Write(File(b_), "please\n");

  EXPECT_TRUE(Eventually([&] { return Events(b_) != ""; }));
  EXPECT_EQ(
      Events(b_),
      "trigger file \"promote.now\" was removed, and asks for nothing|It is neither empty nor "
      "says \"force\". Touch it to ask for a promotion, or write \"force\" into it.");
  EXPECT_FALSE(fs::exists(File(b_)));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.requests"), "0");
}

TEST_F(PromoteTriggerFile, OneThatWasThereAtTheStartIsSetAside) {
  KillPrimary();
  b_.Stop();
  Write(File(b_), "force");
  b_.Start();

  EXPECT_TRUE(Eventually([&] { return Events(b_) != ""; }));
  EXPECT_EQ(
      Events(b_),
      "trigger file \"promote.now\" was removed, and asks for nothing|It was there before the "
      "server started, or before it was looked for. Touch it again to ask for a promotion.");
  EXPECT_FALSE(fs::exists(File(b_)));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.requests"), "0");
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");

  Write(File(b_));

  EXPECT_TRUE(Returns(b_, "SELECT outcome FROM baton.requests", "promoted"));
}

TEST_F(PromoteTriggerFile, OnAPrimaryItIsRemovedAndNothingElse) {
  Write(File(a_), "force");

  EXPECT_TRUE(Eventually([&] { return Events(a_) != ""; }));
  EXPECT_EQ(Events(a_),
            "trigger file \"promote.now\" was removed, and asks for nothing|This server is a "
            "primary.");
  EXPECT_FALSE(fs::exists(File(a_)));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM baton.requests"), "0");
}

TEST_F(PromoteTriggerFile, OneThatCannotBeRemovedIsToldOnceAndNotObeyed) {
  KillPrimary();
  fs::create_directory(File(b_));

  EXPECT_TRUE(Eventually([&] { return Events(b_) != ""; }));
  const std::string told = Events(b_);
  fs::remove(File(b_));
  Write(File(b_));

  EXPECT_EQ(told,
            "could not remove trigger file \"promote.now\"|Is a directory; it is not obeyed, since "
            "it would ask again and again. Remove it, and let the server's user write to its "
            "folder.");
  EXPECT_TRUE(Returns(b_, "SELECT outcome FROM baton.requests", "promoted"));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.events WHERE message LIKE 'could not remove%'"),
            "1");
}

TEST_F(PromoteTriggerFile, AnotherPathTakesEffectAtAReload) {
  KillPrimary();
  const fs::path file = cluster_.directory() / "go";
  Write(file);
  b_.Configure(fmt::format("pg_baton.promote_trigger_file = '{}'", file.string()));
  b_.Sql("SELECT pg_reload_conf()");

  EXPECT_TRUE(Eventually([&] { return Events(b_) != ""; }));
  EXPECT_THAT(Events(b_), HasSubstr("It was there before the server started, or before it was "
                                    "looked for."));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM baton.requests"), "0");

  Write(file);

  EXPECT_TRUE(Returns(b_, "SELECT outcome FROM baton.requests", "promoted"));
}

}  // namespace
}  // namespace baton::test
