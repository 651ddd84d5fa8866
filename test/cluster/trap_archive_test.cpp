// What health says about an archive that does not keep up, where pg_stat_archiver counts nothing.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

class TrapArchive : public Scenario {
 protected:
  TrapArchive()
      : a_(cluster_.InitPrimary("a", kQuick + "archive_mode = on\n"
                                              "archive_command = 'true'\n"
                                              "pg_baton.archive_age_warning = 1\n"
                                              "pg_baton.archive_age_critical = 3\n"
                                              "pg_baton.archive_backlog_warning = 2\n"
                                              "pg_baton.archive_backlog_critical = 3\n")) {
    EXPECT_TRUE(Becomes(a_, "archiver", "ok", "the archiver is at work"));
    EXPECT_TRUE(Becomes(a_, "archive_backlog", "ok", "0 files wait to be archived"));
    EXPECT_TRUE(Becomes(a_, "archive_age", "ok", "nothing waits to be archived"));
  }

  void ArchiveBy(const std::string& command) {
    a_.Sql(fmt::format("ALTER SYSTEM SET archive_command = $command${}$command$", command));
    a_.Sql("SELECT pg_reload_conf()");
  }
  void ExpectBacklogOfThree() {
    EXPECT_TRUE(Becomes(a_, "archive_backlog", "critical", "3 files wait to be archived"));
    EXPECT_TRUE(Becomes(a_, "archive_age", "critical", "the oldest file has waited for "));
  }
  void ExpectNothingIsCounted() {
    EXPECT_EQ(a_.Rows("SELECT failed_count, last_failed_wal FROM pg_stat_archiver"), "0|")
        << "the usual figure lies here";
  }
  void ExpectRecovery() {
    ArchiveBy("true");
    EXPECT_TRUE(Becomes(a_, "archive_backlog", "ok", "0 files wait to be archived"));
    EXPECT_TRUE(Becomes(a_, "archive_age", "ok", "nothing waits to be archived"));
    EXPECT_TRUE(Becomes(a_, "archiver", "ok", "the archiver is at work"));
  }

  Node& a_;
};

TEST_F(TrapArchive, ACommandThatHangsIsToldByTheAgeOfWhatWaits) {
  const fs::path hanging = cluster_.directory() / "hanging";
  std::ofstream(hanging) << '\n';
  ArchiveBy(fmt::format("while [ -e {} ]; do sleep 0.1; done", hanging.string()));
  FillSegments(a_, 1);

  EXPECT_TRUE(Becomes(a_, "archive_age", "critical", "the oldest file has waited for "));
  EXPECT_TRUE(Becomes(a_, "archive_backlog", "ok", "1 file waits to be archived"));
  FillSegments(a_, 2);
  ExpectBacklogOfThree();
  ExpectNothingIsCounted();

  fs::remove(hanging);
  ExpectRecovery();
}

TEST_F(TrapArchive, ACommandThatIsNotFoundEndsTheArchiverUncounted) {
  ArchiveBy("/nowhere/archive %p");
  FillSegments(a_, 3);

  EXPECT_TRUE(Becomes(a_, "archiver", "warning", "the archiver process is not there"));
  ExpectBacklogOfThree();
  ExpectNothingIsCounted();
  ExpectRecovery();
}

TEST_F(TrapArchive, ACommandKilledByASignalEndsTheArchiverUncounted) {
  ArchiveBy("kill -KILL $$");
  FillSegments(a_, 3);

  EXPECT_TRUE(Becomes(a_, "archiver", "warning", "the archiver process is not there"));
  ExpectBacklogOfThree();
  ExpectNothingIsCounted();
  ExpectRecovery();
}

// The time since the last archived file grows without bound here.
TEST_F(TrapArchive, AnIdlePrimaryHasNoBacklogHoweverOldItsLastFileIs) {
  FillSegments(a_, 1);
  std::string bad;
  ASSERT_TRUE(Eventually([&] {
    for (const char* const check : {"archiver", "archive_backlog"}) {
      const std::string status = Status(a_, check);
      if (status != "ok" && status != "unknown") bad = Message(a_, check);
    }
    return a_.Sql("SELECT now() - last_archived_time > '4 s' FROM pg_stat_archiver") == "t";
  }));

  EXPECT_EQ(bad, "");
  EXPECT_TRUE(Becomes(a_, "archive_age", "ok", "nothing waits to be archived"));
}

}  // namespace
}  // namespace baton::test
