// archive-check --restore-test: base backups and archives, sound and not, restored beside the
// server that they are of, which must not notice.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

//   a (primary) --archive_command: cp--> archive
//                                        archive + backups --restore test--> scratch
class RestoreTest : public Scenario {
 protected:
  RestoreTest()
      : archive_(Folder("archive")),
        backups_(Folder("backups")),
        scratch_(cluster_.directory() / "scratch"),
        a_(cluster_.InitPlain("a",
                              fmt::format("archive_mode = on\narchive_command = 'cp %p {}/%f'\n"
                                          "wal_keep_size = 0\nmax_connections = 33\n",
                                          archive_.string()))) {
    a_.Sql("CREATE TABLE t (id int)");
  }
  fs::path Folder(const std::string& name) {
    const fs::path folder = cluster_.directory() / name;
    fs::create_directory(folder);
    return folder;
  }

  fs::path TakeBackup(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {Cluster::Program("pg_basebackup"),
                                          "-h",
                                          cluster_.directory().string(),
                                          "-p",
                                          std::to_string(a_.port()),
                                          "--checkpoint=fast",
                                          "--no-sync",
                                          "-D",
                                          (backups_ / name).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    RunOrFail(arguments);
    return backups_ / name;
  }

  // Rows in segments of their own, archived; returns the names of these segments.
  std::vector<std::string> WriteSegments(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      a_.Sql(fmt::format("INSERT INTO t VALUES ({})", i));
      names.push_back(a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())"));
      a_.Sql("SELECT pg_switch_wal()");
    }
    EXPECT_TRUE(Eventually([&] { return fs::exists(archive_ / names.back()); }));
    EXPECT_TRUE(Eventually(
        [&] { return a_.Sql("SELECT last_archived_wal FROM pg_stat_archiver") >= names.back(); }));
    return names;
  }

  std::vector<std::string> Arguments(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "archive-check",
        "--restore-test",
        "--archive-directory=" + archive_.string(),
        "--scratch-directory=" + scratch_.string(),
        "--bindir=" + Cluster::bindir().string(),
        fmt::format("--restore-command=cp {}/%f %p", archive_.string())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  HelperResult Test(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = Arguments({"--backup-directory=" + backups_.string()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  void ExpectNothingIsLeft() const {
    EXPECT_FALSE(fs::exists(scratch_)) << RunOrFail({"/bin/ls", "-lR", scratch_.string()});
  }

  fs::path archive_;
  fs::path backups_;
  fs::path scratch_;
  Node& a_;
};

TEST_F(RestoreTest, ASoundArchiveIsRestoredToItsEnd) {
  TakeBackup("older");
  WriteSegments(1);
  const fs::path newer = TakeBackup("newer");
  const std::string last = WriteSegments(2).back();
  const std::string end = a_.Sql("SELECT pg_current_wal_lsn() - 1");

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(fmt::format("backup: \"{}\", begun at ", newer.string())));
  EXPECT_THAT(result.output, HasSubstr("pg_verifybackup finds it as its manifest says\n"));
  EXPECT_THAT(result.output, ContainsRegex("restored up to 0/[0-9A-F]+ on timeline 1, the last "
                                           "commit of 20.*, from [0-9]+ segments in "));
  EXPECT_THAT(result.output, ContainsRegex("read [0-9]+ databases with [0-9]+ relations\n"));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, TarFilesOfEachPackingAreRestored) {
  for (const std::string packing : {"none", "gzip", "lz4", "zstd"}) {
    fs::remove_all(backups_ / "tar");
    TakeBackup("tar", {"--format=tar", "--compress=server-" + packing, "--wal-method=none"});
    WriteSegments(1);

    const HelperResult result = Test();

    EXPECT_EQ(result.exit_code, 0) << packing << "\n" << result.output;
    ExpectNothingIsLeft();
  }
}

TEST_F(RestoreTest, AMissingSegmentEndsItAndIsNamed) {
  TakeBackup("backup");
  const std::vector<std::string> names = WriteSegments(4);
  fs::remove(archive_ / names[2]);

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex("the archive can be restored up to 0/[0-9A-F]+ on timeline 1 only"));
  EXPECT_THAT(result.output, HasSubstr(names[2] + " is missing, or is damaged."));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, ADamagedSegmentEndsItWithTheServersReason) {
  TakeBackup("backup");
  const std::vector<std::string> names = WriteSegments(4);
  std::fstream file(archive_ / names[2], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file << std::string(64, 'x');
  file.close();

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr(names[2] + " is missing, or is damaged."));
  EXPECT_THAT(result.output, HasSubstr("The server said: "));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, WhatTheBackupItselfNeedsIsDemanded) {
  TakeBackup("backup");
  WriteSegments(2);
  for (const auto& entry : fs::directory_iterator(archive_)) fs::remove(entry.path());

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("the base backup cannot be restored with this archive"));
  EXPECT_THAT(result.output, HasSubstr("No segment came from the archive."));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, WrongCommandsAreTold) {
  TakeBackup("backup");
  WriteSegments(1);

  for (const char* const command : {"true", "/nowhere/fetch %f %p"}) {
    const HelperResult result = Test({fmt::format("--restore-command={}", command)});

    EXPECT_EQ(result.exit_code, 1) << command << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr("the base backup cannot be restored with this archive"));
    ExpectNothingIsLeft();
  }
  const HelperResult hanging =
      Test({"--restore-command=sleep 1000 # %f %p", "--restore-timeout=3"});
  EXPECT_EQ(hanging.exit_code, 1) << hanging.output;
  EXPECT_THAT(hanging.output, HasSubstr("recovery did not end within 3.0 s"));
  ExpectNothingIsLeft();
}

// The server asks for the history of the next timeline as long as there is one.
TEST_F(RestoreTest, ACommandThatBringsAlwaysTheSameIsStopped) {
  const fs::path backup = TakeBackup("backup");
  WriteSegments(1);

  const HelperResult result =
      Test({fmt::format("--restore-command=cp {} %p", (backup / "PG_VERSION").string())});

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("restore_command brings a file whatever it is asked for"));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, ADamagedBackupIsFoundBeforeItIsStarted) {
  const fs::path backup = TakeBackup("backup");
  std::ofstream(backup / "PG_VERSION", std::ios::app) << "\n";
  WriteSegments(1);

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("the base backup is damaged"));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, TheBackupOfAnotherClusterDoesNotFit) {
  Node& other = cluster_.InitPlain("other");
  RunOrFail({Cluster::Program("pg_basebackup"), "-h", cluster_.directory().string(), "-p",
             std::to_string(other.port()), "--checkpoint=fast", "--no-sync", "-D",
             (backups_ / "other").string()});
  WriteSegments(3);

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("WAL file is from different database system"));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, TablespacesStayInTheScratchFolder) {
  const fs::path space = Folder("space");
  const fs::path mapped = Folder("mapped");
  a_.Sql(fmt::format("CREATE TABLESPACE s LOCATION '{}'", space.string()));
  a_.Sql("CREATE TABLE u TABLESPACE s AS SELECT generate_series(1, 1000) AS n");
  const auto is_untouched = [&, before = fs::last_write_time(space)] {
    return fs::last_write_time(space) == before;
  };

  TakeBackup("plain", {"--tablespace-mapping=" + space.string() + "=" + mapped.string()});
  WriteSegments(1);
  const HelperResult plain = Test({"--deep"});
  TakeBackup("tar", {"--format=tar", "--wal-method=none"});
  a_.Sql("CREATE TABLE v TABLESPACE s AS SELECT 1 AS n");
  WriteSegments(1);
  const HelperResult tar = Test();

  EXPECT_EQ(plain.exit_code, 0) << plain.output;
  EXPECT_EQ(tar.exit_code, 0) << tar.output;
  EXPECT_TRUE(is_untouched());
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM u"), "1000");
  ExpectNothingIsLeft();
}

// Replaying its record would empty the primary's own tablespace.
TEST_F(RestoreTest, ATablespaceThatIsYoungerThanTheBackupEndsIt) {
  TakeBackup("backup");
  WriteSegments(1);
  const std::string before = a_.Sql("SELECT pg_current_wal_lsn()");
  const fs::path space = Folder("space");
  a_.Sql(fmt::format("CREATE TABLESPACE s LOCATION '{}'", space.string()));
  a_.Sql("CREATE TABLE u TABLESPACE s AS SELECT generate_series(1, 1000) AS n");
  WriteSegments(1);

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("the WAL makes a tablespace that the base backup does not have"));
  EXPECT_THAT(result.output, HasSubstr(space.string()));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM u"), "1000");
  a_.Restart();
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM u"), "1000") << "its files are still there";
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, ATargetIsReachedOrDemanded) {
  TakeBackup("backup");
  WriteSegments(1);
  const std::string target = a_.Sql("SELECT pg_current_wal_lsn()");
  WriteSegments(2);

  const HelperResult reached = Test({"--target-lsn=" + target});
  const HelperResult beyond = Test({"--target-lsn=7F/0"});

  EXPECT_EQ(reached.exit_code, 0) << reached.output;
  EXPECT_EQ(beyond.exit_code, 1) << beyond.output;
  EXPECT_THAT(beyond.output,
              HasSubstr("recovery ended before configured recovery target was reached"));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, SettingsThatWereRaisedMeanwhileAreFollowed) {
  TakeBackup("backup");
  WriteSegments(1);
  a_.Configure("max_connections = 77\n");
  a_.Restart();
  WriteSegments(1);

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 0) << result.output;
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, ANewBackupCanBeTakenForIt) {
  const HelperResult result =
      cluster_.Helper(Arguments({"--take-backup", "-h", cluster_.directory().string(), "-p",
                                 std::to_string(a_.port()), "-U", a_.Sql("SELECT current_user")}));

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("backup: of the server at "));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, AFolderThatIsInUseIsRefused) {
  TakeBackup("backup");
  const fs::path occupied = Folder("occupied");
  std::ofstream(occupied / "file") << "x";

  const HelperResult not_empty = Test({"--scratch-directory=" + occupied.string()});
  const HelperResult data = Test({"--scratch-directory=" + a_.data().string()});
  const HelperResult inside = Test({"--scratch-directory=" + (a_.data() / "x").string()});
  const HelperResult archive = Test({"--scratch-directory=" + (archive_ / "x").string()});

  for (const HelperResult* const result : {&not_empty, &data, &inside, &archive}) {
    EXPECT_EQ(result->exit_code, 3) << result->output;
  }
  EXPECT_THAT(not_empty.output, HasSubstr("\"" + occupied.string() + "\" is not empty"));
  EXPECT_THAT(data.output, HasSubstr("is in a data directory"));
  EXPECT_THAT(inside.output, HasSubstr("is in a data directory"));
  EXPECT_THAT(archive.output, HasSubstr("are inside one another"));
  EXPECT_TRUE(fs::exists(occupied / "file"));
  EXPECT_FALSE(fs::exists(a_.data() / "x"));
}

TEST_F(RestoreTest, ItIsRefusedWhereThereIsTooLittleRoom) {
  TakeBackup("backup");
  WriteSegments(1);
  std::vector<std::string> words = {Cluster::Program("pg_baton")};
  for (const std::string& word : Arguments({"--backup-directory=" + backups_.string()})) {
    if (!word.starts_with("--scratch-directory=")) words.push_back(word);
  }

  const auto result = RunOnSmallFileSystem(
      cluster_.directory(), helper::CommandText(words) + " --scratch-directory=$SMALL/scratch");

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("not enough free space in "));
}

// Interrupted, it cleans up; killed, its server ends with it, and the next run cleans up.
class InterruptedRestoreTest : public RestoreTest {
 protected:
  // Starts one whose restore_command hangs, and waits for its server.
  pid_t StartHanging() {
    TakeBackup("backup");
    WriteSegments(1);
    std::vector<std::string> words = {Cluster::Program("pg_baton")};
    for (const std::string& word : Arguments(
             {"--backup-directory=" + backups_.string(), "--restore-command=sleep 1000 # %f %p"})) {
      words.push_back(word);
    }
    const pid_t process = Spawn(words, cluster_.directory() / "output");
    EXPECT_TRUE(Eventually([&] { return Server() != 0; }));
    return process;
  }
  int Server() const {
    const std::string text =
        helper::ReadFileIfThere(scratch_ / "data" / "postmaster.pid").value_or("");
    return std::atoi(text.c_str());
  }
};

TEST_F(InterruptedRestoreTest, BySigintItEndsAndLeavesNothing) {
  const pid_t process = StartHanging();

  SendSignal(process, SIGINT);

  EXPECT_EQ(WaitFor(process), 4);
  ExpectNothingIsLeft();
}

TEST_F(InterruptedRestoreTest, KilledItsServerEndsAndTheNextRunGoesOn) {
  const pid_t process = StartHanging();
  const int server = Server();

  SendSignal(process, SIGKILL);
  WaitFor(process);

  EXPECT_TRUE(Eventually([&] { return !fs::exists(fmt::format("/proc/{}", server)); }));
  EXPECT_TRUE(fs::exists(scratch_ / "data"));
  const HelperResult result = Test();
  EXPECT_EQ(result.exit_code, 0) << result.output;
  ExpectNothingIsLeft();
}

TEST_F(InterruptedRestoreTest, TwoDoNotShareAFolder) {
  const pid_t process = StartHanging();

  const HelperResult second = Test();
  SendSignal(process, SIGINT);

  EXPECT_EQ(second.exit_code, 3) << second.output;
  EXPECT_THAT(second.output, HasSubstr("a restore test is running in "));
  EXPECT_EQ(WaitFor(process), 4);
  ExpectNothingIsLeft();
}

}  // namespace
}  // namespace baton::test
