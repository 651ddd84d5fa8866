// What setup-primary and clone make of --archive-directory: a primary that archives there, and a
// standby that reads from there.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ArchiveSetup : public Scenario {
 protected:
  ArchiveSetup() : archive_(cluster_.directory() / "archive") { fs::create_directory(archive_); }

  HelperResult SetUp(Node& node, const fs::path& archive, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--restart", "--archive-directory=" + archive.string()});
    return cluster_.SetupPrimary(node, more);
  }
  Node& InitArchiving() {
    Node& a = cluster_.InitPlain("a", kQuick);
    const HelperResult result = SetUp(a, archive_);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return a;
  }
  static std::string SettingsFile(const Node& node) {
    return helper::ReadFile(node.data() / "postgresql.auto.conf");
  }
  // Ends a segment and waits until it is in the archive.
  testing::AssertionResult Archives(const Node& node) const {
    node.Sql("SELECT pg_logical_emit_message(true, 'test', '')");
    const std::string name = node.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
    node.Sql("SELECT pg_switch_wal()");
    if (Eventually([&] { return fs::exists(archive_ / name); })) return testing::AssertionSuccess();
    return testing::AssertionFailure() << name << " is not archived:\n" << node.Log();
  }

  fs::path archive_;
};

TEST_F(ArchiveSetup, LetsThePrimaryArchiveAndASecondRunChangesNothing) {
  Node& a = InitArchiving();

  EXPECT_EQ(a.Sql("SHOW archive_mode"), "on");
  EXPECT_EQ(a.Sql("SHOW archive_library"), "pg_baton");
  EXPECT_EQ(a.Sql("SHOW pg_baton.archive_directory"), archive_.string());
  EXPECT_THAT(a.Sql("SHOW restore_command"), HasSubstr("archive-get '%f' '%p'"));
  EXPECT_THAT(a.Sql("SHOW restore_command"), HasSubstr(archive_.string()));
  EXPECT_TRUE(Archives(a));

  const std::string settings = SettingsFile(a);
  const std::string started = a.Sql("SELECT pg_postmaster_start_time()");
  const HelperResult again = SetUp(a, archive_);
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.output, HasSubstr("nothing to change"));
  EXPECT_EQ(SettingsFile(a), settings);
  EXPECT_EQ(a.Sql("SELECT pg_postmaster_start_time()"), started);
}

TEST_F(ArchiveSetup, ChangesAServerThatHasTheLibraryLoaded) {
  Node& a = cluster_.InitPrimary("a", kQuick);
  const fs::path other = cluster_.directory() / "other";
  fs::create_directory(other);

  const HelperResult first = SetUp(a, archive_);
  const HelperResult second = SetUp(a, other, {"--archive-compression=lz4"});

  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_TRUE(Returns(a, "SHOW pg_baton.archive_directory", other.string()));
  EXPECT_TRUE(Returns(a, "SHOW pg_baton.archive_compression", "lz4"));
  EXPECT_THAT(a.Sql("SHOW restore_command"), HasSubstr(other.string()));
}

TEST_F(ArchiveSetup, ADryRunSaysWhatItWouldSet) {
  Node& a = cluster_.InitPlain("a", kQuick);
  const std::string settings = SettingsFile(a);

  const HelperResult result = SetUp(a, archive_, {"--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("would set archive_mode = 'on' (was 'off')"));
  EXPECT_THAT(result.output, HasSubstr("would set archive_library = 'pg_baton' (was '')"));
  EXPECT_THAT(result.output,
              HasSubstr("would set pg_baton.archive_directory = '" + archive_.string() + "'"));
  EXPECT_EQ(SettingsFile(a), settings);
}

TEST_F(ArchiveSetup, FoldersThatCannotBeAnArchiveAreRefusedWithNothingChanged) {
  Node& a = cluster_.InitPlain("a", kQuick);
  const std::string hba = helper::ReadFile(a.data() / "pg_hba.conf");
  const std::string settings = SettingsFile(a);
  const fs::path file = cluster_.directory() / "file";
  helper::ReplaceFile(file, "x");
  const fs::path closed = cluster_.directory() / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0500));
  const fs::path inside = a.data() / "archive";
  fs::create_directory(inside);
  const std::pair<fs::path, std::string> faults[] = {
      {cluster_.directory() / "nowhere", "\" does not exist"},
      {file, "\" is no directory"},
      {closed, "cannot write to archive directory \""},
      {inside, "\" is inside the data directory"},
      {"archive", "\" is no absolute path"}};

  for (const auto& [folder, message] : faults) {
    const HelperResult result = SetUp(a, folder);

    EXPECT_EQ(result.exit_code, 3) << folder << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr(message));
  }
  EXPECT_EQ(helper::ReadFile(a.data() / "pg_hba.conf"), hba);
  EXPECT_EQ(SettingsFile(a), settings);
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_node'"), "0");
  EXPECT_FALSE(fs::exists(cluster_.directory() / "nowhere"));
}

TEST_F(ArchiveSetup, WhoArchivesAlreadyIsLeftAlone) {
  Node& a = cluster_.InitPlain("a", kQuick +
                                        "archive_mode = on\narchive_command = 'false %p'\n"
                                        "restore_command = 'false %f'\n");

  const HelperResult result = SetUp(a, archive_);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("warning: this server archives already, and that is left alone\n"
                        "pg_baton: detail: archive_command is \"false %p\"."));
  EXPECT_EQ(a.Sql("SHOW archive_library"), "");
  EXPECT_EQ(a.Sql("SHOW archive_command"), "false %p");
  EXPECT_EQ(a.Sql("SHOW restore_command"), "false %f");
}

//   a (primary) --> archive --> b, whose slot and WAL are gone from a
TEST_F(ArchiveSetup, AClonedStandbyCatchesUpByTheArchiveAlone) {
  Node& a = InitArchiving();
  a.Sql("CREATE TABLE t (n int)");
  Node& b = cluster_.Clone("b", a);
  EXPECT_THAT(b.Sql("SHOW restore_command"), HasSubstr("archive-get '%f' '%p'"));
  EXPECT_THAT(b.Sql("SHOW restore_command"), HasSubstr(archive_.string()));
  b.Stop();
  a.Sql("ALTER SYSTEM SET wal_keep_size = 0");
  a.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Eventually(
      [&] { return a.Sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0"; }));
  a.Sql("SELECT pg_drop_replication_slot('b')");

  const std::string needed = a.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  for (int i = 0; i < 3; ++i) {
    a.Sql("INSERT INTO t SELECT generate_series(1, 1000)");
    ASSERT_TRUE(Archives(a));
  }
  a.Sql("CHECKPOINT");
  a.Sql("CHECKPOINT");
  ASSERT_FALSE(fs::exists(a.data() / "pg_wal" / needed)) << "the archive alone has it";
  b.Start();

  EXPECT_TRUE(Returns(b, "SELECT count(*) FROM t", "3000"));
  EXPECT_THAT(b.Log(), HasSubstr("restored log file \"" + needed + "\" from archive"));
}

//   a (primary) --> archive, which is not on b's host
TEST_F(ArchiveSetup, ACloneWhereTheArchiveIsNotIsWarnedAndReadsFromNowhere) {
  Node& a = InitArchiving();
  ASSERT_TRUE(Archives(a));
  fs::rename(archive_, cluster_.directory() / "away");
  Node& b = cluster_.Plan("b");

  const HelperResult absent = cluster_.RunClone(b, a);

  EXPECT_EQ(absent.exit_code, 0) << absent.output;
  EXPECT_THAT(absent.output,
              HasSubstr("warning: archive directory \"" + archive_.string() + "\" does not exist"));
  EXPECT_THAT(helper::ReadFile(b.data() / "postgresql.auto.conf"),
              HasSubstr("restore_command = ''"));

  // Another folder has its name here.
  a.Hang("archiver");
  fs::create_directory(archive_);
  Node& c = cluster_.Plan("c");
  const HelperResult other = cluster_.RunClone(c, a);
  a.GoOn();
  EXPECT_EQ(other.exit_code, 0) << other.output;
  EXPECT_THAT(other.output, HasSubstr("on this host is not the archive of the source"));
  EXPECT_THAT(helper::ReadFile(c.data() / "postgresql.auto.conf"), HasSubstr("archive-get"));
}

}  // namespace
}  // namespace baton::test
