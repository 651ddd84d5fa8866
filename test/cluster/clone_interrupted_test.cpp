// A clone that is interrupted, killed, or left by its source half-way: it is slowed down, so that
// it can be met there.
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "test/cluster/clone_interrupted_scenario.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class InterruptedClone : public CloneInterruptedScenario {
 protected:
  InterruptedClone() {
    a_.Sql("CREATE TABLE filler AS SELECT g, repeat('x', 500) FROM generate_series(1, 100000) g");
  }

  pid_t StartSlowly() { return StartSlowly(a_.port()); }
  pid_t StartSlowly(int port) {
    std::vector<std::string> arguments = CloneOfB(port, Cluster::bindir());
    arguments.insert(arguments.begin(), Cluster::Program("pg_baton"));
    arguments.push_back("--max-rate=4M");
    return Spawn(arguments, output_file());
  }

  HelperResult CloneAgain() { return cluster_.Helper(CloneOfB(a_.port(), Cluster::bindir())); }

  bool IsHalfWay() {
    return Eventually([&] {
      return fs::exists(b_.data() / "base") && !fs::exists(b_.data() / "global/pg_control") &&
             a_.Sql(
                 "SELECT count(*) FROM pg_stat_progress_basebackup WHERE backup_streamed > "
                 "5000000") == "1";
    });
  }
};

TEST_F(InterruptedClone, BySigintLeavesNothingBehind) {
  const pid_t clone = StartSlowly();
  ASSERT_TRUE(IsHalfWay());

  SendSignal(clone, SIGINT);

  EXPECT_EQ(WaitFor(clone), 4);
  EXPECT_THAT(Output(), HasSubstr("pg_baton: error: interrupted\n"
                                  "pg_baton: hint: Run the same command again.\n"));
  ExpectNothingWasLeft();
  const HelperResult again = CloneAgain();
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

// The slot is there, and the helper has not been told yet.
TEST_F(InterruptedClone, BeforeItKnowsOfItsSlotLeavesNoSlot) {
  Proxy network(a_.port());
  network.HoldAnswersTo("pg_create_physical_replication_slot");
  const pid_t clone = StartSlowly(network.port());
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT count(*) FROM pg_replication_slots") == "1"; }));

  SendSignal(clone, SIGINT);
  network.ReleaseAnswers();

  EXPECT_EQ(WaitFor(clone), 4);
  EXPECT_THAT(Output(), Not(HasSubstr("might be left behind")));
  ExpectNothingWasLeft();
}

// The source has not noticed yet that nobody receives what it sends.
TEST_F(InterruptedClone, WhileItsSlotIsStillInUseLeavesNoSlot) {
  const pid_t clone = StartSlowly();
  ASSERT_TRUE(IsHalfWay());
  a_.Hang("walsender");

  SendSignal(clone, SIGINT);
  const bool tried = Eventually([&] {
    return a_.Log().find("replication slot \"b\" is active for PID") != std::string::npos;
  });
  a_.GoOn();

  EXPECT_TRUE(tried) << a_.Log();
  EXPECT_EQ(WaitFor(clone), 4);
  ExpectNothingWasLeft();
}

TEST_F(InterruptedClone, BySigkillLeavesNoDirectoryThatAServerStartsFrom) {
  const pid_t clone = StartSlowly();
  ASSERT_TRUE(IsHalfWay());

  SendSignal(clone, SIGKILL);
  EXPECT_EQ(WaitFor(clone), 128 + SIGKILL);
  // Neither pg_basebackup nor its WAL stream outlives the helper.
  ASSERT_TRUE(
      Eventually([&] { return a_.Sql("SELECT count(*) FROM pg_stat_replication") == "0"; }));

  const helper::ProcessResult start =
      helper::RunProcess({Cluster::Program("postgres"), "-D", b_.data()});
  EXPECT_NE(start.exit_code, 0);
  EXPECT_THAT(start.output, HasSubstr("has invalid permissions"));
  EXPECT_EQ(fs::status(b_.data()).permissions() & fs::perms::mask, static_cast<fs::perms>(0701));
  ASSERT_FALSE(fs::is_empty(tablespace()));

  const HelperResult again = CloneAgain();

  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("removed what a clone that was broken off had copied\n"));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM elsewhere"), "1000");
  EXPECT_FALSE(fs::exists(b_.data().string() + ".pg_baton_clone"));
}

TEST_F(InterruptedClone, BecauseTheSourceWentDownLeavesNothingAndSaysWhy) {
  const pid_t clone = StartSlowly();
  ASSERT_TRUE(IsHalfWay());

  a_.Stop("immediate");
  const int exit_code = WaitFor(clone);
  a_.Start();

  EXPECT_EQ(exit_code, 1);
  const std::string output = Output();
  EXPECT_THAT(output, HasSubstr("pg_baton: error: the base backup failed\n"));
  EXPECT_THAT(output, HasSubstr("replication slot \"b\" might be left behind"));
  EXPECT_FALSE(fs::exists(b_.data()));
  const HelperResult again = CloneAgain();
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

TEST_F(InterruptedClone, AnotherOneIntoTheSameDirectoryLeavesTheFirstAlone) {
  const pid_t clone = StartSlowly();
  ASSERT_TRUE(IsHalfWay());

  const HelperResult second = CloneAgain();

  EXPECT_NE(second.exit_code, 0);
  EXPECT_THAT(second.output, AnyOf(HasSubstr("another clone of this directory is running"),
                                   HasSubstr("the replication slot of this node is in use")));
  EXPECT_TRUE(fs::exists(b_.data() / "base"));
  SendSignal(clone, SIGINT);
  EXPECT_EQ(WaitFor(clone), 4);
}

}  // namespace
}  // namespace baton::test
