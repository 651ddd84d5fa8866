// What comes before a server's start: an old primary that is simply started again comes up as a
// standby of the new one, or not at all.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/old_primary_scenario.hpp"

namespace baton::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

class Prestart : public OldPrimaryScenario {
 protected:
  HelperResult RunPrestart(const Node& node, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"prestart", "-D", node.data().string(),
                                          "--bindir=" + Cluster::bindir().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  static testing::AssertionResult GateIs(const Node& node, const std::string& gate,
                                         const std::string& reasons) {
    return Returns(node, "SELECT gate, gate_reasons FROM baton.node_status", gate + "|" + reasons);
  }
};

//   a (killed)    b (primary)          a ---> b (primary)
TEST_F(Prestart, AKilledPrimaryComesBackAsAStandbyOfTheNewOne) {
  a_.Kill();
  PromoteB();

  const HelperResult result = RunPrestart(a_);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("node \"b\": primary on timeline 2\n"
                        "node \"b\" is the primary on timeline 2: this node comes back as its "
                        "standby\n"));
  a_.Start();

  EXPECT_TRUE(Follows(a_, b_));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), "110");
}

//   a (stopped)   b (primary)          a ---> b (primary)
TEST_F(Prestart, APrimaryThatWasStoppedCleanlyDoesToo) {
  a_.Stop();
  PromoteB();

  const HelperResult dry = RunPrestart(a_, {"--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.output;
  EXPECT_THAT(dry.output, HasSubstr("dry run: every check passed, nothing was changed"));
  EXPECT_FALSE(fs::exists(a_.data() / "standby.signal"));
  const HelperResult result = RunPrestart(a_);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  a_.Start();

  EXPECT_TRUE(Follows(a_, b_));
  const HelperResult again = RunPrestart(a_);
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.output, HasSubstr("pg_baton: error: a server is running in \""));
}

//   a ---> b    a (primary)    b ---> a    a (killed)    b (primary)          a ---> b
TEST_F(Prestart, ComesBackEachTimeAnew) {
  a_.Kill();
  PromoteB();
  ASSERT_EQ(RunPrestart(a_).exit_code, 0);
  a_.Start();
  ASSERT_TRUE(Follows(a_, b_));
  b_.Kill();
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT outcome FROM baton.promote()") == "promoted"; }));
  ASSERT_EQ(RunPrestart(b_).exit_code, 0);
  b_.Start();
  ASSERT_TRUE(Follows(b_, a_));
  a_.Kill();
  PromoteB();

  const HelperResult result = RunPrestart(a_);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  a_.Start();

  EXPECT_TRUE(Follows(a_, b_));
}

//   a (stopped) <--- b          a (primary) <--- b
TEST_F(Prestart, APrimaryWhoseStandbyFollowsItStillStartsAsItIs) {
  a_.Stop();

  const HelperResult result = RunPrestart(a_, {"--require-answer"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output,
            "node \"b\": standby on timeline 1, of primary \"a\" on timeline 1\n"
            "node \"a\" may start: no other node is a primary\n");
  a_.Start();
  EXPECT_TRUE(Follows(b_, a_));
  EXPECT_EQ(a_.SqlError("INSERT INTO t VALUES (0)"), "");
}

//   a (killed)    b (off)             a (primary, its gate closed)    b (off)
TEST_F(Prestart, WhereNobodyAnswersTheServerStartsInQuarantine) {
  b_.Stop();
  a_.Kill();

  const HelperResult strict = RunPrestart(a_, {"--require-answer"});
  const HelperResult result = RunPrestart(a_);
  a_.Start();

  EXPECT_EQ(strict.exit_code, 3) << strict.output;
  EXPECT_THAT(strict.output, AllOf(HasSubstr("pg_baton: error: no other node answers \"a\"\n"),
                                   HasSubstr("Connection refused")));
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("pg_baton: warning: no other node answers \"a\"\n"),
                    HasSubstr("The server starts with its write gate closed, until another node "
                              "answers or pg_baton.quarantine_timeout is over.\n")));
  EXPECT_TRUE(GateIs(a_, "closed", "{quarantine}"));
  EXPECT_EQ(a_.SqlError("INSERT INTO t VALUES (0)"),
            "the write gate of this server is closed: quarantine");
}

//   a (old), b (new): both off          b (primary) <--- a
TEST_F(Prestart, AfterABlackoutTheNewPrimaryIsStartedFirst) {
  a_.Kill();
  PromoteB();
  b_.Kill();

  const HelperResult first = RunPrestart(b_);
  b_.Start();
  const HelperResult second = RunPrestart(a_);
  a_.Start();

  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_THAT(first.output, HasSubstr("warning: no other node answers \"b\""));
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_TRUE(Follows(a_, b_));
  EXPECT_TRUE(GateIs(b_, "open", "{}"));
}

// The old one cannot know better; it acknowledges nothing, and its next start brings it back.
//   a (old), b (new): both off      a (closed)   b (primary)      a ---> b (primary)
TEST_F(Prestart, AfterABlackoutTheOldPrimaryIsStartedFirst) {
  a_.Kill();
  PromoteB();
  b_.Kill();

  const HelperResult first = RunPrestart(a_);
  a_.Start();
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_TRUE(GateIs(a_, "closed", "{quarantine}"));
  const HelperResult second = RunPrestart(b_);
  b_.Start();
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(second.output, HasSubstr("node \"a\": primary on timeline 1\n"
                                       "node \"b\" may start: no other node is a newer primary\n"));
  EXPECT_TRUE(
      Returns(a_, "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status", "t"));

  a_.Stop();
  const HelperResult third = RunPrestart(a_);
  a_.Start();

  EXPECT_EQ(third.exit_code, 0) << third.output;
  EXPECT_TRUE(Follows(a_, b_));
}

//   a (stopped)    b (hangs)
TEST_F(Prestart, AServerThatHangsHoldsUpNobody) {
  a_.Stop();
  b_.Hang();

  const auto began = Clock::now();
  const HelperResult result = RunPrestart(a_, {"--timeout=2"});
  const auto took = Clock::now() - began;
  b_.GoOn();

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("node \"b\": does not answer: no answer in time\n"),
                                   HasSubstr("warning: no other node answers \"a\"")));
  EXPECT_GE(took, 2s);
  EXPECT_LT(took, 20s);
}

// There is nobody who could type one.
TEST_F(Prestart, AWrongPasswordIsSaidAndNoneIsAskedFor) {
  a_.Stop();
  const fs::path passfile = cluster_.directory() / "wrong_passfile";
  std::ofstream(passfile) << "*:*:*:baton_node:wrong\n";
  chmod(passfile.c_str(), 0600);

  const HelperResult result = RunPrestart(a_, {"--passfile=" + passfile.string()});
  const HelperResult right = RunPrestart(a_);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("password authentication failed for user \"baton_node\""),
                    HasSubstr("warning: no other node answers \"a\""), Not(HasSubstr("Password"))));
  EXPECT_THAT(right.output, HasSubstr("node \"a\" may start: no other node is a primary\n"));
}

TEST_F(Prestart, WithoutAStateFileOfItsOwnItHindersNobody) {
  a_.Stop();
  const std::string state = helper::ReadFile(StateFile(a_));

  fs::remove(StateFile(a_));
  const HelperResult missing = RunPrestart(a_);
  std::ofstream(StateFile(a_)) << "{ half of a file";
  const HelperResult damaged = RunPrestart(a_);
  std::ofstream(StateFile(a_)) << helper::ReadFile(StateFile(b_));
  const HelperResult foreign = RunPrestart(a_);
  const HelperResult strict = RunPrestart(a_, {"--require-answer"});
  std::ofstream(StateFile(a_)) << state;
  const HelperResult own = RunPrestart(a_);

  EXPECT_EQ(missing.exit_code, 0);
  EXPECT_EQ(missing.output, "node \"a\" may start: it knows no other nodes\n");
  EXPECT_EQ(damaged.exit_code, 0);
  EXPECT_THAT(damaged.output, HasSubstr("Its file pg_baton/state cannot be read. The server starts "
                                        "with its write gate closed, until a person"));
  EXPECT_EQ(foreign.exit_code, 0);
  EXPECT_THAT(foreign.output, HasSubstr("Its file pg_baton/state is of another node."));
  EXPECT_EQ(strict.exit_code, 3);
  EXPECT_EQ(own.exit_code, 0);
  EXPECT_THAT(own.output, HasSubstr("no other node is a primary"));
}

//   a (killed)   b (down)   c ---> b        a stays down
TEST_F(Prestart, StaysDownWhileTheNewPrimaryIsKnownAndDoesNotAnswer) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Knows(a_, "c"));
  a_.Kill();
  PromoteB();
  ASSERT_TRUE(Returns(c, "SELECT timeline, upstream FROM baton.node_status", "2|b"));
  b_.Stop();

  const HelperResult result = RunPrestart(a_);

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: node \"c\" knows of a primary on timeline 2, and none "
                        "answers\n"));
  b_.Start();
  EXPECT_EQ(RunPrestart(a_).exit_code, 0);
  a_.Start();
  EXPECT_TRUE(Follows(a_, b_));
}

// Node a has never heard of c.
//   a (killed)   b (primary) <--- c        a ---> c (primary) <--- b
TEST_F(Prestart, FindsAPrimaryThatWasRegisteredSince) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Knows(a_, "c"));
  a_.Kill();
  auto state = nlohmann::json::parse(helper::ReadFile(StateFile(a_)));
  auto& peers = state.at("peers");
  for (std::size_t i = peers.size(); i > 0; --i) {
    if (peers[i - 1].at("name") == "c") peers.erase(i - 1);
  }
  ASSERT_EQ(peers.size(), 1U);
  std::ofstream(StateFile(a_)) << state.dump();
  PromoteB();
  ASSERT_TRUE(Follows(c, b_));
  b_.Sql("SELECT baton.switchover('c', wait => false)");
  ASSERT_TRUE(Returns(c, "SELECT role, timeline FROM baton.node_status", "primary|3"));
  ASSERT_TRUE(Follows(b_, c));

  const HelperResult result = RunPrestart(a_);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("node \"c\": primary on timeline 3\n"));
  a_.Start();

  EXPECT_TRUE(Follows(a_, c));
}

// Each has closed its gate for the other, and a person has to decide.
//   a (killed)   b (primary), c (primary), both on timeline 2        a ---> b (primary)
TEST_F(Prestart, StaysDownBetweenTwoPrimariesOfOneTimeline) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Knows(a_, "c"));
  c.Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
  c.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(c, "SHOW pg_baton.follow_primary", "off"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_EQ(c.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  a_.Kill();
  const std::string closed = "SELECT 'another primary' = ANY (gate_reasons) FROM baton.node_status";
  ASSERT_TRUE(Returns(b_, closed, "t"));
  ASSERT_TRUE(Returns(c, closed, "t"));

  const HelperResult undecided = RunPrestart(a_);
  EXPECT_EQ(undecided.exit_code, 3) << undecided.output;
  EXPECT_THAT(undecided.output, HasSubstr("is a primary on timeline 2 that has given way to "
                                          "another, and none answers that counts\n"));
  EXPECT_FALSE(fs::exists(a_.data() / "standby.signal"));
  c.Kill();
  EXPECT_EQ(RunPrestart(a_).exit_code, 3) << "that one is down does not decide";
  b_.Sql("SELECT baton.unfence(force => true)");
  ASSERT_TRUE(GateIs(b_, "open", "{}"));

  const HelperResult decided = RunPrestart(a_);
  EXPECT_EQ(decided.exit_code, 0) << decided.output;
  a_.Start();
  EXPECT_TRUE(Follows(a_, b_));
}

// Node c was a primary itself when it was killed, on the same timeline as b: no rewind tells that.
//   b (primary)   c (killed), both of timeline 2
TEST_F(Prestart, StaysDownWhereItCannotBeRewound) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Knows(c, "b"));
  // It would be on b's timeline before it is promoted itself.
  c.Sql("ALTER SYSTEM SET pg_baton.follow_primary = off");
  c.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(c, "SHOW pg_baton.follow_primary", "off"));
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_EQ(c.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_TRUE(Eventually([&] {
    const auto state = nlohmann::json::parse(helper::ReadFile(StateFile(c)));
    return state.at("reign").at("timeline") == 2;
  }));
  a_.Kill();
  c.Kill();
  const auto control = helper::ReadFile(c.data() / "global" / "pg_control");

  const HelperResult result = RunPrestart(c);

  EXPECT_NE(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: "));
  EXPECT_FALSE(fs::exists(c.data() / "standby.signal"));
}

TEST_F(Prestart, APlainServerIsNoneOfItsBusiness) {
  Node& plain = cluster_.InitPlain("plain");
  plain.Stop();
  Node& nothing = cluster_.Plan("nothing");

  const HelperResult result = RunPrestart(plain, {"--format=json", "--require-answer"});
  const HelperResult missing = RunPrestart(nothing);
  const HelperResult unnamed = cluster_.Helper({"prestart"}, {{"PGDATA", ""}});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json.at("may_start"), true);
  EXPECT_EQ(json.at("rejoins"), false);
  EXPECT_EQ(json.at("in_doubt"), false);
  EXPECT_EQ(json.at("ok"), true);
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.output, HasSubstr("is not a data directory"));
  EXPECT_EQ(unnamed.exit_code, 2);
  EXPECT_THAT(unnamed.output, HasSubstr("pg_baton: error: no data directory was named\n"));
}

// What no server starts from must not look as if it might.
TEST_F(Prestart, StaysDownWithADirectoryThatWasLeftHalfWay) {
  a_.Kill();
  chmod(a_.data().c_str(), 0701);

  const HelperResult alone = RunPrestart(a_);

  EXPECT_EQ(alone.exit_code, 3) << alone.output;
  EXPECT_THAT(alone.output, HasSubstr("was left half-way by a rejoin or clone, and no primary "
                                      "answers\n"));
}

class Run : public Prestart {
 protected:
  // As the runtime of a container starts it.
  pid_t StartByRun(const Node& node, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {Cluster::Program("pg_baton"), "run", "-D",
                                          node.data().string(),
                                          "--bindir=" + Cluster::bindir().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Spawn(arguments, node.log_file());
  }
};

//   a (killed)    b (primary)          a ---> b (primary)
TEST_F(Run, BecomesTheServerAndPassesItsSignalsAndItsEnd) {
  a_.Kill();
  PromoteB();

  const pid_t process = StartByRun(a_, {"--", "-c", "work_mem=7MB"});
  ASSERT_TRUE(Accepts(a_)) << a_.Log();

  EXPECT_EQ(a_.Postmaster(), process) << "the same process";
  EXPECT_TRUE(Follows(a_, b_));
  EXPECT_EQ(a_.Sql("SHOW work_mem"), "7MB");
  SendSignal(process, SIGINT);
  EXPECT_EQ(WaitFor(process), 0);
  EXPECT_THAT(a_.Log(), HasSubstr("received fast shutdown request"));
}

// As where the server was process 1 of a container, and is to be it again.
TEST_F(Run, AServerThatLeftItsNumberToThisProcessIsNotTakenForARunningOne) {
  a_.Kill();
  PromoteB();

  const pid_t process =
      Spawn({"/bin/sh", "-c",
             fmt::format("echo $$ >{0}/postmaster.pid && exec {1}/pg_baton run -D {0} --bindir={1}",
                         a_.data().string(), Cluster::bindir().string())},
            a_.log_file());

  ASSERT_TRUE(Accepts(a_)) << a_.Log();
  EXPECT_EQ(a_.Postmaster(), process);
  EXPECT_TRUE(Follows(a_, b_));
  SendSignal(process, SIGINT);
  EXPECT_EQ(WaitFor(process), 0);
}

TEST_F(Run, EndsWithItsServerWhateverEndsThat) {
  b_.Stop();
  a_.Stop();

  const pid_t process = StartByRun(a_);
  ASSERT_TRUE(Accepts(a_)) << a_.Log();
  SendSignal(process, SIGTERM);
  EXPECT_EQ(WaitFor(process), 0);
  EXPECT_THAT(a_.Log(), HasSubstr("received smart shutdown request"));

  const pid_t failing = StartByRun(a_, {"--", "-c", "port=nonsense"});
  EXPECT_NE(WaitFor(failing), 0);
  EXPECT_FALSE(a_.IsRunning());
}

//   a (killed)   b (down)   c ---> b          a ---> b (primary)
TEST_F(Run, TriesAgainUntilTheNewPrimaryIsThere) {
  Node& c = cluster_.Clone("c", a_);
  ASSERT_TRUE(Knows(a_, "c"));
  a_.Kill();
  PromoteB();
  ASSERT_TRUE(Returns(c, "SELECT timeline, upstream FROM baton.node_status", "2|b"));
  b_.Stop();

  const pid_t process = StartByRun(a_, {"--retry=1"});
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("trying again in 1 s\n") != std::string::npos;
  })) << a_.Log();
  EXPECT_FALSE(a_.IsRunning());
  b_.Start();

  ASSERT_TRUE(Accepts(a_)) << a_.Log();
  EXPECT_EQ(a_.Postmaster(), process);
  EXPECT_TRUE(Follows(a_, b_));
  SendSignal(process, SIGINT);
  EXPECT_EQ(WaitFor(process), 0);
}

TEST_F(Run, ASignalEndsItWhileItWaits) {
  b_.Stop();
  a_.Stop();

  const pid_t process = StartByRun(a_, {"--require-answer", "--retry=3600"});
  ASSERT_TRUE(Eventually([&] {
    return a_.Log().find("trying again in 3600 s\n") != std::string::npos;
  })) << a_.Log();
  SendSignal(process, SIGTERM);

  EXPECT_EQ(WaitFor(process), 4);
  EXPECT_FALSE(a_.IsRunning());
}

TEST_F(Run, RefusesOptionsThatMakeNoSense) {
  a_.Stop();
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"run", "-D", a_.data().string(),
                                          "--bindir=" + Cluster::bindir().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  };

  const HelperResult retry = run({"--retry=soon"});
  const HelperResult elsewhere = run({"--", "-c", "data_directory=" + b_.data().string()});

  EXPECT_EQ(retry.exit_code, 2) << retry.output;
  EXPECT_THAT(retry.output, HasSubstr("pg_baton: error: invalid number of seconds \"soon\"\n"));
  EXPECT_EQ(elsewhere.exit_code, 2) << elsewhere.output;
  EXPECT_THAT(elsewhere.output,
              HasSubstr(fmt::format("pg_baton: error: the server would not use data directory "
                                    "\"{}\"\n",
                                    a_.data().string())));
}

}  // namespace
}  // namespace baton::test
