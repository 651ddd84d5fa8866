// archive-check --restore-test: base backups and archives, sound and not, restored beside the
// server that they are of, which must not notice.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/restore_test_scenario.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

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

  EXPECT_EQ(result.exit_code, 3) << result.output;
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

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr(names[2] + " is missing, or is damaged."));
  EXPECT_THAT(result.output, HasSubstr("The server said: "));
  ExpectNothingIsLeft();
}

// The server sees no more than that archive-get has brought nothing.
TEST_F(RestoreTest, ADamagedSegmentEndsItWithTheReasonOfArchiveGet) {
  TakeBackup("backup");
  const std::vector<std::string> names = WriteSegments(4);
  fs::resize_file(archive_ / names[2], 1024 * 1024);

  const HelperResult result =
      cluster_.Helper(ArgumentsOfArchiveGet({"--backup-directory=" + backups_.string()}));

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr(names[2] + " is missing, or is damaged."));
  EXPECT_THAT(result.output, HasSubstr("restore_command said: pg_baton: error: could not get \"" +
                                       names[2] + "\" from \"" + archive_.string() + "\""));
  EXPECT_THAT(result.output, Not(HasSubstr("The server said: ")));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, WhatTheBackupItselfNeedsIsDemanded) {
  TakeBackup("backup");
  WriteSegments(2);
  for (const auto& entry : fs::directory_iterator(archive_)) fs::remove(entry.path());

  const HelperResult result = Test();

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("the base backup cannot be restored with this archive"));
  EXPECT_THAT(result.output, HasSubstr("No segment came from the archive."));
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, WrongCommandsAreTold) {
  TakeBackup("backup");
  WriteSegments(1);

  for (const char* const command : {"true", "/nowhere/fetch %f %p"}) {
    const HelperResult result = Test({fmt::format("--restore-command={}", command)});

    EXPECT_EQ(result.exit_code, 3) << command << "\n" << result.output;
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

  EXPECT_EQ(result.exit_code, 3) << result.output;
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

  EXPECT_EQ(result.exit_code, 3) << result.output;
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
  EXPECT_EQ(beyond.exit_code, 3) << beyond.output;
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

}  // namespace
}  // namespace baton::test
