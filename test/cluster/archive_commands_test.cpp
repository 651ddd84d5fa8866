// Servers whose only link is an archive, written by archive-push and read by archive-get.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/archive_commands_scenario.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Way {
  std::string push;
  std::string get;
};
class EachWay : public ArchiveScenario, public testing::WithParamInterface<Way> {};

//   a (primary) --> archive --> b
TEST_P(EachWay, AStandbyFollowsByTheArchiveAlone) {
  Node& a = InitArchiving("a", PushCommand({archive_}, GetParam().push));
  BackUp(a, Folder("backup"));
  for (int i = 0; i < 6; ++i) WriteAndArchive(a);

  Node& b =
      StartFrom(Folder("backup"), "b", GetCommand({archive_}, GetParam().get), "standby.signal");

  EXPECT_TRUE(HasRowsOf(b, a));
  for (int i = 0; i < 3; ++i) WriteAndArchive(a);
  EXPECT_TRUE(HasRowsOf(b, a));
  EXPECT_THAT(b.Log(), Not(HasSubstr("pg_baton: "))) << "nothing was to be told";
  EXPECT_EQ(a.Sql("SELECT failed_count FROM pg_stat_archiver"), "0");
}

INSTANTIATE_TEST_SUITE_P(ArchiveCommands, EachWay,
                         testing::Values(Way{"", "--prefetch=0"}, Way{"", "--prefetch=4"},
                                         Way{"--compression=zstd", "--prefetch=4 --jobs=3"},
                                         Way{"--compression=lz4", ""}),
                         [](const auto& one) { return fmt::format("Way{}", one.index); });

class ArchiveCommands : public ArchiveScenario {};

//   a (primary) --> archive --> b, recovering to a point
TEST_F(ArchiveCommands, RecoverToAPointInTime) {
  Node& a = InitArchiving("a", PushCommand({archive_}));
  BackUp(a, Folder("backup"));
  for (int i = 0; i < 4; ++i) WriteAndArchive(a);
  const std::string rows = RowsOf(a);
  a.Sql("SELECT pg_create_restore_point('here')");
  for (int i = 0; i < 4; ++i) WriteAndArchive(a);

  Node& b = StartFrom(
      Folder("backup"), "b", GetCommand({archive_}), "recovery.signal",
      "recovery_target_name = 'here'\nrecovery_target_action = promote\narchive_mode = off\n");

  EXPECT_TRUE(Returns(b, "SELECT pg_is_in_recovery()", "f"));
  EXPECT_EQ(RowsOf(b), rows);
}

//   a (primary) --> archive --> b, c          b (primary) --> archive --> c
TEST_F(ArchiveCommands, LeadAStandbyOverToTheNextTimeline) {
  Node& a = InitArchiving("a", PushCommand({archive_}));
  BackUp(a, Folder("backup"));
  WriteAndArchive(a);
  Node& b =
      StartFrom(Folder("backup"), "b", GetCommand({archive_}, "--prefetch=4"), "standby.signal");
  Node& c =
      StartFrom(Folder("backup"), "c", GetCommand({archive_}, "--prefetch=4"), "standby.signal");
  for (int i = 0; i < 3; ++i) WriteAndArchive(a);
  ASSERT_TRUE(HasRowsOf(b, a));
  ASSERT_TRUE(HasRowsOf(c, a));
  a.Stop();

  b.Sql("SELECT pg_promote()");
  for (int i = 0; i < 3; ++i) WriteAndArchive(b);

  EXPECT_TRUE(HasRowsOf(c, b));
  EXPECT_TRUE(fs::exists(archive_ / "00000002.history"));
}

//   a (primary) --> archive, second
TEST_F(ArchiveCommands, KeepTheServersWalUntilAllArchivesHaveIt) {
  const fs::path second = cluster_.directory() / "second";
  Node& a = InitArchiving("a", PushCommand({archive_, second}));
  a.Sql("INSERT INTO t VALUES (1)");
  const std::string segment = a.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
  a.Sql("SELECT pg_switch_wal()");

  EXPECT_TRUE(
      Returns(a, "SELECT failed_count > 0 AND archived_count = 0 FROM pg_stat_archiver", "t"));
  EXPECT_TRUE(fs::exists(archive_ / segment)) << "the other one has it";
  EXPECT_THAT(a.Log(), HasSubstr(fmt::format("could not archive \"{}\" in \"{}\"",
                                             "000000010000000000000001", second.string())));

  Folder("second");
  a.Sql("SELECT pg_reload_conf()");
  a.Sql("SELECT pg_switch_wal()");
  EXPECT_TRUE(Eventually([&] { return fs::exists(second / segment); }, 90s));
  AwaitArchived(a);
}

//   a (primary) --> archive <-- another cluster's primary
TEST_F(ArchiveCommands, LetNoSecondClusterIntoAnArchive) {
  Node& a = InitArchiving("a", PushCommand({archive_}));
  WriteAndArchive(a);
  const std::vector<std::string> before = NamesIn(archive_);

  Node& other = InitArchiving("other", PushCommand({archive_}));
  other.Sql("SELECT pg_switch_wal()");

  EXPECT_TRUE(
      Returns(other, "SELECT failed_count > 0 AND archived_count = 0 FROM pg_stat_archiver", "t"));
  EXPECT_THAT(other.Log(), HasSubstr("is in the archive with other content"));
  EXPECT_EQ(NamesIn(archive_), before);
}

//   a (primary) --> archive --> b, killed in the middle of recovery
TEST_F(ArchiveCommands, GoOnAfterAServerWasKilled) {
  Node& a = InitArchiving("a", PushCommand({archive_}));
  BackUp(a, Folder("backup"));
  for (int i = 0; i < 10; ++i) WriteAndArchive(a);
  Node& b =
      StartFrom(Folder("backup"), "b", GetCommand({archive_}, "--prefetch=4"), "standby.signal");

  b.Kill();
  for (int i = 0; i < 2; ++i) WriteAndArchive(a);
  b.Start();

  EXPECT_TRUE(HasRowsOf(b, a));
}

}  // namespace
}  // namespace baton::test
