// archive_library = 'pg_baton': what gets into the archive, and what becomes of a server whose
// archive is gone, full, slow or hangs.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <iostream>
#include <sstream>
#include <sys/stat.h>

#include "archive/store.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/freezer.hpp"
#include "test/cluster/interrupted_scenario.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ArchiveModule : public Scenario {
 protected:
  ArchiveModule() { fs::create_directory(archive()); }

  fs::path archive() const { return cluster_.directory() / "archive"; }
  Node& InitA(const std::string& more = "") { return InitA(archive(), more); }
  Node& InitA(const fs::path& target, const std::string& more) {
    return cluster_.InitPrimary(
        "a", kQuick + fmt::format("archive_mode = on\narchive_library = 'pg_baton'\n"
                                  "pg_baton.archive_directory = '{}'\n"
                                  "wal_keep_size = '4GB'\n{}",
                                  target.string(), more));
  }
  static void Set(const Node& node, const std::string& name, const std::string& value) {
    node.Sql(fmt::format("ALTER SYSTEM SET {} = '{}'", name, value));
    node.Sql("SELECT pg_reload_conf()");
  }
  // The segment that is being written.
  static std::string NextSegment(const Node& node) {
    node.Sql("SELECT pg_logical_emit_message(true, 'test', '')");
    return node.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  }
  static testing::AssertionResult NothingWaits(const Node& node) {
    return Returns(node, "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'",
                   "0");
  }
  static testing::AssertionResult Fails(const Node& node) {
    return Returns(node, "SELECT failed_count > 0 FROM pg_stat_archiver", "t");
  }
  static testing::AssertionResult Logs(const Node& node, const std::string& text) {
    if (Eventually([&] { return node.Log().find(text) != std::string::npos; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "the log has no \"" << text << "\"";
  }
  // Whether each file under a final name is what the server has under it.
  static testing::AssertionResult HasOnlyWholeFiles(const fs::path& archive, const Node& node) {
    for (const auto& entry : fs::directory_iterator(archive)) {
      if (!entry.is_regular_file()) continue;
      const fs::path own = node.data() / "pg_wal" / entry.path().filename();
      if (helper::ReadFile(own) != helper::ReadFile(entry.path())) {
        return testing::AssertionFailure() << entry.path() << " differs from " << own;
      }
    }
    return testing::AssertionSuccess();
  }
};

TEST_F(ArchiveModule, ArchivesWholeSegmentsFromWhichPlainCpRestores) {
  Node& a = InitA();
  a.Sql("CREATE TABLE t AS SELECT 1 AS n");
  Node& restored = cluster_.Plan("restored");
  RunOrFail({Cluster::Program("pg_basebackup"), "-D", restored.data(), "-X", "none", "-h",
             cluster_.directory(), "-p", std::to_string(a.port()), "-c", "fast", "--no-sync"});
  a.Sql("INSERT INTO t SELECT generate_series(2, 1000)");
  FillSegments(a, 3);
  ASSERT_TRUE(NothingWaits(a));

  EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
  EXPECT_EQ(a.Sql("SELECT failed_count FROM pg_stat_archiver"), "0");
  restored.Configure(fmt::format("port = {}\narchive_mode = off\nrestore_command = 'cp {}/%f %p'\n",
                                 restored.port(), archive().string()));
  std::ofstream(restored.data() / "recovery.signal") << '\n';
  restored.Start();
  EXPECT_TRUE(Returns(restored, "SELECT count(*) FROM t", "1000"));
}

TEST_F(ArchiveModule, CompressesIfItIsToldTo) {
  Node& a = InitA("pg_baton.archive_compression = 'zstd'\n");
  const std::string first = NextSegment(a);
  FillSegments(a, 1);
  ASSERT_TRUE(NothingWaits(a));
  Set(a, "pg_baton.archive_compression", "lz4");
  const std::string second = NextSegment(a);
  FillSegments(a, 1);
  ASSERT_TRUE(NothingWaits(a));

  EXPECT_TRUE(fs::exists(archive() / (first + ".zst")));
  EXPECT_TRUE(fs::exists(archive() / (second + ".lz4")));
  for (const std::string& name : {first, second}) {
    ASSERT_TRUE(archive::Store(archive()).Get(name, cluster_.directory() / "got", {}));
    EXPECT_EQ(helper::ReadFile(cluster_.directory() / "got"),
              helper::ReadFile(a.data() / "pg_wal" / name));
  }
}

TEST_F(ArchiveModule, NeedsThePreloadedLibraryAndSaysSo) {
  Node& a = cluster_.InitPlain("a", "archive_mode = on\narchive_library = 'pg_baton'\n");

  EXPECT_TRUE(Logs(a, "FATAL:  pg_baton must be loaded by shared_preload_libraries"));
  EXPECT_TRUE(Logs(a, "HINT:  Add pg_baton to shared_preload_libraries and restart the server"));
}

TEST_F(ArchiveModule, NeedsADirectoryAndSaysSo) {
  Node& a = InitA("", "");
  FillSegments(a, 1);

  EXPECT_TRUE(Logs(a, "WARNING:  pg_baton.archive_directory is not set"));
  EXPECT_TRUE(Returns(a, "SELECT method, target, state, reason FROM baton.archive_status",
                      "library||not configured|pg_baton.archive_directory is not set"));
  EXPECT_EQ(a.Rows("SELECT archived_count, failed_count FROM pg_stat_archiver"), "0|0");
}

TEST_F(ArchiveModule, TakesNoDirectoryInsideTheDataDirectory) {
  Node& a = InitA();
  const std::string inside = (a.data() / "archive").string();
  fs::create_directory(inside);
  EXPECT_THAT(a.SqlError("ALTER SYSTEM SET pg_baton.archive_directory = 'archive'"),
              HasSubstr("invalid value for parameter \"pg_baton.archive_directory\""));
  Set(a, "pg_baton.archive_directory", inside);
  FillSegments(a, 1);

  EXPECT_TRUE(Logs(
      a, fmt::format("WARNING:  archive directory \"{}\" is inside the data directory", inside)));
  EXPECT_TRUE(Returns(
      a, "SELECT state, reason FROM baton.archive_status",
      fmt::format("failing|archive directory \"{}\" is inside the data directory", inside)));
  EXPECT_TRUE(fs::is_empty(inside));
  Set(a, "pg_baton.archive_directory", archive().string());
  EXPECT_TRUE(NothingWaits(a));
}

TEST_F(ArchiveModule, RefusesOtherContentAndNamesBoth) {
  Node& a = InitA();
  const std::string name = NextSegment(a);
  std::ofstream(archive() / name) << "something else";
  FillSegments(a, 1);

  EXPECT_TRUE(Fails(a));
  EXPECT_TRUE(Logs(a, fmt::format("WARNING:  could not archive \"{0}\": \"{0}\" is in the archive "
                                  "with other content",
                                  name)));
  EXPECT_TRUE(Logs(a, fmt::format("DETAIL:  \"pg_wal/{0}\" and \"{1}/{0}\" differ from byte 0 on.",
                                  name, archive().string())));
  EXPECT_TRUE(Returns(a, "SELECT state, reason FROM baton.archive_status",
                      fmt::format("failing|archiving \"{}\" failed", name)));
  EXPECT_EQ(helper::ReadFile(archive() / name), "something else");
}

TEST_F(ArchiveModule, ArchivesTheSameSegmentAgainAfterACrashInBetween) {
  Node& a = InitA();
  const std::string name = NextSegment(a);
  Set(a, "pg_baton.pause_at", "archive_written");
  FillSegments(a, 1);
  ASSERT_TRUE(Eventually([&] { return fs::exists(archive() / name); }));
  ASSERT_TRUE(fs::exists(a.data() / "pg_wal/archive_status" / (name + ".ready")));

  SendSignal(a.AwaitProcess("archiver"), SIGKILL);

  EXPECT_TRUE(Eventually([&] {
    try {
      Set(a, "pg_baton.pause_at", "");
      return true;
    } catch (const core::Error&) {
      return false;
    }
  }));
  EXPECT_TRUE(NothingWaits(a));
  EXPECT_EQ(a.Sql("SELECT failed_count FROM pg_stat_archiver"), "0");
  EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
}

TEST_F(ArchiveModule, KilledAtAnyMomentLeavesOnlyWholeFilesUnderFinalNames) {
  Node& a = InitA("restart_after_crash = on\n");
  for (int round = 0; round < (IsLongRun() ? 30 : 4); ++round) {
    ASSERT_TRUE(Eventually([&] {
      try {
        FillSegments(a, 3);
        return true;
      } catch (const core::Error&) {
        return false;
      }
    }));
    // With its children, whatever they were at.
    const int archiver = a.ProcessPid("archiver");
    if (archiver != 0) SendSignal(archiver, SIGKILL);
    EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
  }
  EXPECT_TRUE(Eventually([&] { return a.IsRunning(); }));
  EXPECT_TRUE(NothingWaits(a));
  EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
}

TEST_F(ArchiveModule, GoesOnWhenItsDirectoryIsBackOrOpenAgain) {
  Node& a = InitA();
  const fs::path away = cluster_.directory() / "away";
  const struct {
    std::function<void()> breaks;
    std::function<void()> mends;
    std::string message;
  } faults[] = {
      {[&] { fs::rename(archive(), away); }, [&] { fs::rename(away, archive()); },
       fmt::format("could not open archive directory \"{}\": No such file or directory",
                   archive().string())},
      {[&] { fs::permissions(archive(), fs::perms(0500)); },
       [&] { fs::permissions(archive(), fs::perms(0700)); }, "Permission denied"},
      {[&] { fs::permissions(archive(), fs::perms(0)); },
       [&] { fs::permissions(archive(), fs::perms(0700)); }, "Permission denied"},
  };
  for (const auto& fault : faults) {
    SCOPED_TRACE(fault.message);
    ASSERT_TRUE(NothingWaits(a));
    a.Sql("SELECT pg_stat_reset_shared('archiver')");
    fault.breaks();
    FillSegments(a, 1);
    EXPECT_TRUE(Fails(a));
    EXPECT_TRUE(Logs(a, fault.message));
    EXPECT_TRUE(Returns(a, "SELECT state FROM baton.archive_status", "failing"));
    fault.mends();
    a.Sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(Returns(a, "SELECT state, backlog_files FROM baton.archive_status", "working|0"));
  }
  EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
}

TEST_F(ArchiveModule, AFullDiskLeavesNothingUnderAFinalName) {
  Node& a = InitA();
  const fs::path small = cluster_.directory() / "small";
  fs::create_directory(small);
  a.Stop();
  if (!a.StartInNamespace(fmt::format("mount -t tmpfs -o size=24m none {}", small.string()))) {
    std::cout << "no file system can be mounted here\n";
    return;
  }
  const fs::path inside = fmt::format("/proc/{}/root{}", a.Postmaster(), small.string());
  const std::string first = NextSegment(a);
  Set(a, "pg_baton.archive_directory", small.string());
  FillSegments(a, 1);
  const std::string second = NextSegment(a);
  ASSERT_TRUE(Returns(a, "SELECT last_archived_wal FROM pg_stat_archiver", first));
  FillSegments(a, 1);

  EXPECT_TRUE(Fails(a));
  EXPECT_TRUE(Logs(a, "No space left on device"));
  EXPECT_TRUE(fs::exists(inside / first));
  EXPECT_FALSE(fs::exists(inside / second));
  EXPECT_TRUE(fs::is_empty(inside / archive::kIncomingFolder));
  fs::remove(inside / first);
  a.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(a, "SELECT last_archived_wal FROM pg_stat_archiver", second));
}

// The child stands still, and dies when it is killed.
TEST_F(ArchiveModule, AFileThatTakesTooLongIsGivenUpAndTriedAgain) {
  Node& a = InitA("pg_baton.archive_write_timeout = 2s\n");
  Set(a, "pg_baton.pause_at", "archive_child");
  FillSegments(a, 1);

  EXPECT_TRUE(Fails(a));
  EXPECT_TRUE(Logs(a, "the archive directory took longer than "));
  EXPECT_TRUE(Logs(a, "HINT:  Look at the storage of the archive"));
  Set(a, "pg_baton.pause_at", "");
  EXPECT_TRUE(NothingWaits(a));
}

TEST_F(ArchiveModule, ASlowArchiveHoldsNoShutdownUpForLong) {
  Node& a = InitA("pg_baton.archive_write_timeout = 10min\n");
  for (const char* const mode : {"fast", "immediate"}) {
    SCOPED_TRACE(mode);
    Set(a, "pg_baton.pause_at", "archive_child");
    FillSegments(a, 1);
    a.AwaitProcess("archiver writing");

    const auto begun = std::chrono::steady_clock::now();
    a.Stop(mode);
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_LT(took, std::string_view(mode) == "fast" ? 20s : 5s);

    a.Start();
    Set(a, "pg_baton.pause_at", "");
    EXPECT_TRUE(NothingWaits(a)) << "what was given up is archived now";
  }
  EXPECT_TRUE(HasOnlyWholeFiles(archive(), a));
}

TEST_F(ArchiveModule, AFrozenFileSystemHoldsNeitherShutdownNorStartUp) {
  Freezer freezer;
  if (!freezer.works()) {
    std::cout << "no file system can be frozen here\n";
    return;
  }
  const fs::path target = freezer.disk() / "archive";
  fs::remove_all(target);
  fs::create_directory(target);
  Node& a = InitA(target, "pg_baton.archive_write_timeout = 10min\n");
  FillSegments(a, 1);
  ASSERT_TRUE(NothingWaits(a));

  ASSERT_TRUE(freezer.Freeze());
  FillSegments(a, 1);
  a.AwaitProcess("archiver writing");
  const auto begun = std::chrono::steady_clock::now();
  a.Stop("fast");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
  EXPECT_TRUE(Logs(a, "the archive directory took longer than "));

  a.Start();
  EXPECT_EQ(a.Sql("SELECT 1"), "1") << "what still hangs has nothing of the server";
  const auto again = std::chrono::steady_clock::now();
  a.Stop("immediate");
  EXPECT_LT(std::chrono::steady_clock::now() - again, 5s);

  ASSERT_TRUE(freezer.Thaw());
  a.Start();
  EXPECT_TRUE(NothingWaits(a));
  EXPECT_TRUE(HasOnlyWholeFiles(target, a));
  a.Stop();
  fs::remove_all(target);
}

TEST_F(ArchiveModule, NewSettingsNeedNotWaitForASlowArchive) {
  Node& a = InitA("pg_baton.archive_write_timeout = 10min\n");
  Set(a, "pg_baton.pause_at", "archive_child");
  FillSegments(a, 1);
  a.AwaitProcess("archiver writing");
  const fs::path other = cluster_.directory() / "other";
  fs::create_directory(other);

  Set(a, "pg_baton.pause_at", "");
  Set(a, "pg_baton.archive_directory", other.string());

  EXPECT_TRUE(NothingWaits(a));
  EXPECT_TRUE(HasOnlyWholeFiles(other, a));
}

TEST_F(ArchiveModule, StatusTellsWhatTheArchiveWouldLack) {
  Node& a = InitA();
  FillSegments(a, 2);
  ASSERT_TRUE(NothingWaits(a));
  EXPECT_TRUE(Returns(
      a,
      "SELECT method, target, state, reason, archiver_running, archived_count > 0, failed_count,"
      " uncounted_failures, backlog_files, backlog_bytes, oldest_waiting, free_bytes > 0,"
      " missing_bytes < 16 * 1024 * 1024, missing_seconds IS NOT NULL, advice"
      " FROM baton.archive_status",
      fmt::format("library|{}|working|nothing waits|t|t|0|f|0|0||t|t|t|", archive().string())));
  EXPECT_TRUE(Becomes(a, "archive_gap", "ok"));
  EXPECT_EQ(Status(a, "archive_command"), "") << "there is none";

  fs::permissions(archive(), fs::perms(0500));
  const std::string waiting = NextSegment(a);
  FillSegments(a, 3);
  EXPECT_TRUE(Returns(a,
                      "SELECT state, backlog_files, backlog_bytes, oldest_waiting,"
                      " oldest_waiting_age > '0 s', missing_bytes >= 3 * 16 * 1024 * 1024,"
                      " missing_seconds > 0 FROM baton.archive_status",
                      fmt::format("failing|3|50331648|{}|t|t|t", waiting)));
  fs::permissions(archive(), fs::perms(0700));
  a.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Returns(a, "SELECT state, backlog_files FROM baton.archive_status", "working|0"));
}

//   a (primary) <--- b
TEST_F(ArchiveModule, StatusSaysOnAStandbyWhoArchives) {
  Node& a = InitA();
  Node& b = cluster_.Clone("b", a);
  EXPECT_TRUE(Returns(b, "SELECT method, state, reason, backlog_files FROM baton.archive_status",
                      "off|off|this is a standby, and archive_mode \"on\" lets the primary alone "
                      "archive|"));
}

TEST_F(ArchiveModule, StatusTellsACommandThatIsNotFoundAndOneThatIsUnsafe) {
  Node& a = InitA("", "");
  Set(a, "archive_library", "");
  Set(a, "archive_command", "/nowhere/archive %p");
  FillSegments(a, 1);
  EXPECT_TRUE(Returns(a, "SELECT state, uncounted_failures, failed_count FROM baton.archive_status",
                      "failing|t|0"));
  Set(a, "archive_command", fmt::format("cp %p {}/%f", archive().string()));
  EXPECT_TRUE(Returns(a, "SELECT method, state, reason = advice FROM baton.archive_status",
                      "command|unsafe|t"));
  EXPECT_TRUE(Becomes(a, "archive_command", "warning", "archive_command: cp overwrites "));
  Set(a, "archive_command", "/bin/true");
  EXPECT_TRUE(Becomes(a, "archive_command", "critical", "archive_command: it archives nothing"));
}

}  // namespace
}  // namespace baton::test
