// archive-prune: what it plans is what it does, and what is kept can be restored.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "archive/store.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/archive_commands_scenario.hpp"
#include "test/unit/archive/segments.hpp"

namespace baton::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Missing(const std::vector<std::string>& before,
                                 const std::vector<std::string>& after) {
  std::vector<std::string> missing;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(missing));
  return missing;
}

class ArchivePruneFiles : public ArchiveFiles {
 protected:
  HelperResult Prune(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"archive-prune",
                                          "--archive-directory=" + archive_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  void PushSegments(int first, int last) {
    for (int i = first; i <= last; ++i) {
      Write(Name(i));
      ASSERT_EQ(Push(Name(i)).exit_code, 0);
    }
  }
};

TEST_F(ArchivePruneFiles, AreNotTouchedWithoutAnythingThatSaysHowFar) {
  PushSegments(1, 3);
  const auto before = NamesIn(archive_);

  const HelperResult result = Prune({});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output,
            "pg_baton: error: no base backup is known, so what is needed is not either\n"
            "pg_baton: detail: The archive has no note of one.\n"
            "pg_baton: hint: Name folders with base backups by --backup-directory, or say "
            "--keep-from.\n");
  EXPECT_EQ(Prune({"--keep-from=yesterday"}).exit_code, 2);
  EXPECT_EQ(Prune({"--keep-from=0/3000000", "--keep-backups=1"}).exit_code, 2);
  EXPECT_EQ(Prune({"--keep-backups=0"}).exit_code, 2);
  EXPECT_EQ(Prune({"--keep-backups=1", "--backup-directory=" + data_.string()}).exit_code, 3);
  EXPECT_EQ(NamesIn(archive_), before);
}

TEST_F(ArchivePruneFiles, GoUpToTheLimitAndNothingElseGoes) {
  PushSegments(1, 5);
  Write("00000002.history", "1\t0/300000\tno recovery target specified\n");
  ASSERT_EQ(Push("00000002.history").exit_code, 0);
  helper::ReplaceFile(archive_ / "README", "x");
  fs::create_symlink(archive_ / Name(5), archive_ / Name(0, 3));
  fs::create_directory(archive_ / Name(1, 2));

  const HelperResult result = Prune({"--keep-from=" + Name(3)});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output, fmt::format("--keep-from={0} needs WAL from 0/300000 on timeline 1\n"
                                       "the oldest that is needed is {0}, by --keep-from={0}\n"
                                       "no server was asked for its standbys; -d names one\n"
                                       "no longer needed:\n"
                                       "  timeline 1: 2 files, 2.0 MB, {1} to {2}\n"
                                       "kept:\n"
                                       "  timeline 1: 3 files, 3.0 MB, {0} to {3}\n"
                                       "kept: 1 timeline history\n"
                                       "left alone: 3 that no server archives, such as \"{4}\"\n"
                                       "removed: 2 files, 2.0 MB\n",
                                       Name(3), Name(1), Name(2), Name(5), Name(1, 2)));
  EXPECT_THAT(NamesIn(archive_),
              ElementsAre(Name(3), Name(4), Name(5), "00000002.history", Name(1, 2), Name(0, 3),
                          "README", "pg_baton.incoming"));
}

TEST_F(ArchivePruneFiles, OfOthersAreRefused) {
  helper::ReplaceFile(archive_ / "archive.info", "x");

  const HelperResult result = Prune({"--keep-from=0/3000000"});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("is an archive of pgBackRest"));
}

TEST_F(ArchivePruneFiles, LeaveNoGapWhenItIsKilledAndGoWhenItRunsAgain) {
  // Enough to be at it for a moment; what is in those in between is not looked at.
  constexpr int kLast = 40000;
  PushSegments(1, 1);
  PushSegments(kLast, kLast);
  for (int i = 2; i < kLast; ++i) fs::create_hard_link(archive_ / Name(1), archive_ / Name(i));
  const std::string keep = "--keep-from=" + Name(kLast - 1);

  const pid_t process = Spawn({Cluster::Program("pg_baton"), "archive-prune",
                               "--archive-directory=" + archive_.string(), keep},
                              cluster_.directory() / "output");
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (fs::exists(archive_ / Name(1)) && std::chrono::steady_clock::now() < deadline) {
  }
  SendSignal(process, SIGKILL);

  EXPECT_EQ(WaitFor(process), 128 + SIGKILL) << helper::ReadFile(cluster_.directory() / "output");
  std::vector<std::string> left = NamesIn(archive_);
  std::erase(left, archive::kIncomingFolder);
  ASSERT_GT(left.size(), 2u) << "it was killed too late to be in the middle";
  EXPECT_EQ(left.front(), Name(kLast + 1 - static_cast<int>(left.size()))) << "there is a gap";
  EXPECT_EQ(left.back(), Name(kLast));
  EXPECT_EQ(Prune({keep}).exit_code, 0);
  EXPECT_THAT(NamesIn(archive_),
              ElementsAre(Name(kLast - 1), Name(kLast), archive::kIncomingFolder));
}

class ArchivePrune : public ArchiveScenario {
 protected:
  // The plan of a dry run, which is then carried out; compares both.
  nlohmann::json PruneAsPlanned(std::vector<std::string> more) {
    more.insert(more.begin(),
                {"archive-prune", "--archive-directory=" + archive_.string(), "--format=json"});
    std::vector<std::string> dry = more;
    dry.push_back("--dry-run");
    const auto before = NamesIn(archive_);
    const HelperResult planned = cluster_.Helper(dry);
    EXPECT_EQ(planned.exit_code, 0) << planned.output;
    EXPECT_EQ(NamesIn(archive_), before) << "a dry run removes nothing";

    const HelperResult done = cluster_.Helper(more);
    EXPECT_EQ(done.exit_code, 0) << done.output;

    const auto plan = nlohmann::json::parse(planned.output);
    std::vector<std::string> doomed = plan["doomed"];
    std::sort(doomed.begin(), doomed.end());
    EXPECT_EQ(Missing(before, NamesIn(archive_)), doomed);
    EXPECT_EQ(nlohmann::json::parse(done.output)["doomed"], plan["doomed"]);
    return plan;
  }
};

//   a (primary) --> archive --> b, c from the base backups that are kept
TEST_F(ArchivePrune, LeavesWhatTheKeptBaseBackupsNeed) {
  Node& a = InitArchiving("a", PushCommand({archive_}));
  for (const char* const backup : {"first", "second", "third"}) {
    WriteAndArchive(a);
    BackUp(a, Folder("backups") / backup);
    for (int i = 0; i < 2; ++i) WriteAndArchive(a);
  }

  const nlohmann::json plan = PruneAsPlanned({"--keep-backups=2"});

  EXPECT_THAT(plan["doomed"], Not(IsEmpty()));
  EXPECT_EQ(plan["needs"].size(), 2u);
  Node& b = StartFrom(Folder("backups") / "second", "b", GetCommand({archive_}), "standby.signal");
  EXPECT_TRUE(HasRowsOf(b, a));

  fs::remove_all(Folder("backups") / "first");
  fs::remove_all(Folder("backups") / "second");
  const nlohmann::json more = PruneAsPlanned({"--backup-directory=" + Folder("backups").string()});
  EXPECT_THAT(more["doomed"], Not(IsEmpty()));
  Node& c = StartFrom(Folder("backups") / "third", "c", GetCommand({archive_}), "standby.signal");
  EXPECT_TRUE(HasRowsOf(c, a));
}

//   a (primary) --> archive, and b, of which nothing is known, then a slot that is behind
TEST_F(ArchivePrune, LeavesWhatRegisteredStandbysAndSlotsNeed) {
  Node& a = cluster_.InitPrimary("a", kQuick + fmt::format("archive_mode = on\n"
                                                           "archive_command = '{}'\n",
                                                           PushCommand({archive_})));
  a.Sql("CREATE TABLE t (n int)");
  WriteAndArchive(a);
  WriteAndArchive(a);
  a.Sql("SELECT pg_create_physical_replication_slot('late', true)");
  const std::string slot = a.Sql(
      "SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots "
      "WHERE slot_name = 'late'");
  for (int i = 0; i < 3; ++i) WriteAndArchive(a);
  RegisterAt(a, "b", 1);
  const std::vector<std::string> server = {
      "-h", cluster_.directory(), "-p", std::to_string(a.port()), "-d", "postgres"};
  std::vector<std::string> arguments = {"archive-prune", "--archive-directory=" + archive_.string(),
                                        "--keep-from=" + a.Sql("SELECT pg_current_wal_lsn()")};
  arguments.insert(arguments.end(), server.begin(), server.end());
  const auto before = NamesIn(archive_);
  EXPECT_TRUE(Returns(a, "SELECT count(*) FROM baton.cluster WHERE name = 'b'", "1"));

  const HelperResult refused = cluster_.Helper(arguments);
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("the position of node \"b\" is not known"));
  EXPECT_EQ(NamesIn(archive_), before);

  a.Sql("SELECT baton.unregister_node('b')");
  EXPECT_TRUE(Returns(a, "SELECT count(*) FROM baton.cluster WHERE name = 'b'", "0"));
  const HelperResult done = cluster_.Helper(arguments);
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("by slot \"late\""));
  EXPECT_THAT(NamesIn(archive_).front(), slot);
}

}  // namespace
}  // namespace baton::test
