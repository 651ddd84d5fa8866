// clone on real servers: the good case under load, and each way in which it is refused or cut
// short.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Clone : public testing::Test {
 protected:
  // What a refused clone may not have touched.
  void ExpectNothingWasLeft(const Node& primary, const Node& target) {
    EXPECT_FALSE(fs::exists(target.data()));
    EXPECT_EQ(primary.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
    EXPECT_EQ(primary.Sql("SELECT string_agg(name, ',') FROM baton.node"), "a");
  }

  fs::path Folder(const std::string& name) {
    const fs::path folder = cluster_.directory() / name;
    fs::create_directory(folder);
    return folder;
  }

  Cluster cluster_;
};

TEST_F(Clone, MakesAStandbyWhileThePrimaryWrites) {
  Node& a = cluster_.InitPrimary("a");
  RunOrFail({Cluster::Program("pgbench"), "-h", cluster_.directory(), "-p",
             std::to_string(a.port()), "-i", "-s", "5", "-q", "postgres"});
  std::thread writer([&] {
    RunOrFail({Cluster::Program("pgbench"), "-h", cluster_.directory(), "-p",
               std::to_string(a.port()), "-c", "2", "-T", "5", "-n", "postgres"});
  });

  Node& b = cluster_.Plan("b");
  const HelperResult result = cluster_.RunClone(b, a);
  writer.join();

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              testing::ContainsRegex("copying: .* of .* \\(100 %\\), .*/s, .* left"));
  EXPECT_EQ(b.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(b.Sql("SHOW pg_baton.node_name"), "b");
  EXPECT_EQ(b.Sql("SHOW primary_slot_name"), "b");
  EXPECT_THAT(b.Sql("SHOW primary_conninfo"), Not(HasSubstr("password")));
  EXPECT_THAT(b.Sql("SHOW primary_conninfo"), HasSubstr("passfile="));
  EXPECT_EQ(a.Sql("SELECT string_agg(name, ',' ORDER BY name) FROM baton.node"), "a,b");
  EXPECT_TRUE(Eventually([&] {
    return a.Sql("SELECT count(*) FROM pgbench_history") ==
           b.Sql("SELECT count(*) FROM pgbench_history");
  }));
  EXPECT_EQ(a.Rows("SELECT name, registered, connected, state, slot_name FROM baton.standbys"),
            "b|t|t|streaming|b");
}

TEST_F(Clone, ADryRunChecksAndChangesNothing) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("dry run: no check refuses it, nothing was changed"));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, UsesAnEmptyDirectoryAndGivesItBackEmptyWhenItFails) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  fs::create_directory(b.data());

  const HelperResult failed = cluster_.RunClone(b, a, {"--set", "no_such_setting=1"});
  const bool is_empty = fs::is_empty(b.data());
  const HelperResult good = cluster_.RunClone(b, a);

  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("the configuration of the new server is not valid"));
  EXPECT_TRUE(is_empty);
  EXPECT_EQ(good.exit_code, 0) << good.output;
}

TEST_F(Clone, RefusesAWrongHost) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  Node& nobody = cluster_.Plan("nobody");

  const HelperResult result = cluster_.RunClone(b, nobody);

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("pg_baton: error: could not connect to the server at "
                                    "\"127.0.0.1\", port {}\n",
                                    nobody.port())));
  EXPECT_THAT(result.output, HasSubstr("Connection refused"));
  EXPECT_THAT(result.output, HasSubstr("pg_baton: hint: Check host and port"));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesAWrongPassword) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  std::ofstream(cluster_.directory() / "wrong") << "*:*:*:baton_node:wrong\n";
  chmod((cluster_.directory() / "wrong").c_str(), 0600);

  const HelperResult result =
      cluster_.RunClone(b, a, {"--passfile=" + (cluster_.directory() / "wrong").string()});
  const HelperResult none =
      cluster_.RunClone(b, a, {"--passfile=" + (cluster_.directory() / "none").string()});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("password authentication failed for user \"baton_node\""));
  EXPECT_THAT(result.output, HasSubstr("pg_baton: hint: Check the user name and the password"));
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.output, HasSubstr("no password supplied"));
  EXPECT_THAT(none.output, HasSubstr("pg_baton: hint: Put the password into the password file"));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesAnUnknownRole) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"-U", "nobody"});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("role \"nobody\" does not exist"));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesADirectoryThatIsNotEmpty) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  fs::create_directory(b.data());
  std::ofstream(b.data() / "precious") << "data";

  const HelperResult result = cluster_.RunClone(b, a);

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("pg_baton: error: directory \"{}\" exists but is not empty\n"
                                    "pg_baton: detail: A clone never overwrites anything.\n"
                                    "pg_baton: hint: Move it aside",
                                    b.data().string())));
  EXPECT_EQ(helper::ReadFile(b.data() / "precious"), "data");
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(Clone, RefusesAnotherMajorVersion) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const fs::path other = Folder("other_version");
  std::ofstream(other / "postgres") << "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n";
  chmod((other / "postgres").c_str(), 0755);

  const HelperResult result = cluster_.RunClone(b, a, {"--bindir=" + other.string()});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: the servers have different major versions\n"
                        "pg_baton: detail: The source runs PostgreSQL "));
  EXPECT_THAT(result.output, HasSubstr("are of PostgreSQL 14."));
  ExpectNothingWasLeft(a, b);
}

// A postgres whose ELF header names another machine: simulated by changing that header.
TEST_F(Clone, RefusesAnotherArchitecture) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const fs::path other = Folder("other_machine");
  fs::copy_file(Cluster::Program("postgres"), other / "postgres");
  std::fstream program(other / "postgres", std::ios::in | std::ios::out | std::ios::binary);
  program.seekp(18);             // e_machine
  program.write("\xF3\x00", 2);  // RISC-V
  program.close();

  const HelperResult result = cluster_.RunClone(b, a, {"--bindir=" + other.string()});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: the servers have different architectures\n"));
  EXPECT_THAT(result.output, HasSubstr("are for riscv64."));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesAPrimaryWithoutFreeWalSenders) {
  Node& a = cluster_.InitPrimary("a");
  a.Sql("ALTER SYSTEM SET max_wal_senders = 1");
  a.Restart();
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a);

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: the source has too few free WAL senders\n"
                        "pg_baton: detail: 0 of max_wal_senders = 1 are in use; a clone needs 2.\n"
                        "pg_baton: hint: Raise max_wal_senders on the source and restart it"));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesAFileSystemThatIsTooSmall) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const helper::ProcessResult result = RunOnSmallFileSystem(
      cluster_.directory(), fmt::format("{} clone -w -h 127.0.0.1 -p {} -D $SMALL/b --node-name=b "
                                        "--advertise=127.0.0.1 --passfile={} --bindir={}",
                                        Cluster::Program("pg_baton"), a.port(),
                                        cluster_.passfile().string(), Cluster::bindir().string()));

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pg_baton: error: not enough free space for the copy\n"));
  EXPECT_THAT(result.output, HasSubstr("has 20 MB free."));
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, RefusesAServerWithoutTheExtensionAndTellsAllProblemsAtOnce) {
  Node& a = cluster_.InitPlain("a");
  Node& b = cluster_.Plan("b");
  a.Sql("CREATE ROLE baton_node LOGIN REPLICATION");
  fs::create_directory(b.data());
  std::ofstream(b.data() / "precious") << "data";

  const HelperResult result = cluster_.RunClone(b, a);

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("error: the source has no extension pg_baton"));
  EXPECT_THAT(result.output, HasSubstr("exists but is not empty"));
}

TEST_F(Clone, RefusesGarbage) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  EXPECT_EQ(cluster_.RunClone(b, a, {"--set", "nonsense"}).exit_code, 2);
  EXPECT_EQ(cluster_.RunClone(b, a, {"--advertise=not an address"}).exit_code, 2);
  EXPECT_EQ(cluster_.RunClone(b, a, {"--checkpoint=sometime"}).exit_code, 2);
  EXPECT_EQ(cluster_.RunClone(b, a, {"-d", "nonsense=1"}).exit_code, 2);
  EXPECT_EQ(cluster_.Helper({"clone", "-D", "x", "--node-name=A", "--advertise=b"}).exit_code, 2);
  ExpectNothingWasLeft(a, b);
}

TEST_F(Clone, CommandLinesThatMakeNoSenseAreToldInPostgreSqlsStyle) {
  EXPECT_THAT(cluster_.Helper({"cloan"}).output,
              testing::StrEq("pg_baton: error: unknown command \"cloan\"\n"
                             "pg_baton: hint: Try \"pg_baton --help\" for more information.\n"));
  EXPECT_EQ(cluster_.Helper({"clone", "--set", "a=1", "left over"}).exit_code, 2);
  EXPECT_EQ(cluster_.Helper({"--help"}).exit_code, 0);
  EXPECT_THAT(cluster_.Helper({"clone", "--help"}).output,
              HasSubstr("Examples:\n  pg_baton clone"));
}

TEST_F(Clone, VerboseShowsStatementsAndProgramsButNoPassword) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"-v"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: SQL: SELECT pg_create_physical_replication_slot"));
  EXPECT_THAT(result.output, HasSubstr("pg_basebackup --pgdata="));
  const std::string line = helper::ReadFile(cluster_.passfile());
  EXPECT_THAT(result.output, Not(HasSubstr(line.substr(line.rfind(':') + 1, 48))));
}

TEST_F(Clone, RaisesSettingsThatAreLowerThanTheSources) {
  Node& a = cluster_.InitPrimary("a", "max_connections = 60\n");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"--set", "max_connections=30"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("set max_connections = 60, as on the primary (it was 30)"));
  EXPECT_EQ(b.Sql("SHOW max_connections"), "60");
}

TEST_F(Clone, MakesASlotAnewThatHasLostItsWal) {
  Node& a = cluster_.InitPrimary("a", "max_slot_wal_keep_size = 1MB\nmax_wal_size = 32MB\n");
  a.Sql("ALTER SYSTEM SET wal_keep_size = 0");
  a.Sql("SELECT pg_reload_conf()");
  a.Sql("SELECT pg_create_physical_replication_slot('b', true)");
  a.Sql("CREATE TABLE t (n int)");
  for (int i = 0; i < 6; ++i) {
    a.Sql("INSERT INTO t VALUES (1)");
    a.Sql("SELECT pg_switch_wal()");
  }
  a.Sql("CHECKPOINT");
  ASSERT_EQ(a.Sql("SELECT wal_status FROM pg_replication_slots"), "lost");
  a.Sql("ALTER SYSTEM SET max_slot_wal_keep_size = -1");
  a.Sql("SELECT pg_reload_conf()");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a);

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_NE(a.Sql("SELECT wal_status FROM pg_replication_slots"), "lost");
}

TEST_F(Clone, GoesOnWithACopyThatWasWholeWhenItWasBrokenOff) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const HelperResult failed = cluster_.RunClone(b, a, {"--start-command=false"});

  const HelperResult again = cluster_.RunClone(b, a);

  EXPECT_EQ(failed.exit_code, 1) << failed.output;
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("is whole already"));
  EXPECT_THAT(again.output, Not(HasSubstr("copied")));
  EXPECT_FALSE(fs::exists(b.data().string() + ".pg_baton_clone"));
}

}  // namespace
}  // namespace baton::test
