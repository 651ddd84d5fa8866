// baton.archive_round_trip() and archive-check --round-trip on real servers: an archive that can be
// read back, and each way in which one cannot.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr const char* kOneSegment = "0+1[0-9A-F]{16}";

//   a (primary) --archive_command: cp--> archive --restore_command: cp--> a
class ArchiveRoundTrip : public Scenario {
 protected:
  ArchiveRoundTrip()
      : archive_(cluster_.directory() / "archive"),
        a_(cluster_.InitPrimary("a", kQuick + "archive_mode = on\narchive_command = 'true'\n")) {
    fs::create_directory(archive_);
    Set("archive_command", fmt::format("cp %p {}/%f", archive_.string()));
    RestoreBy(fmt::format("cp {}/%f %p", archive_.string()));
  }
  ~ArchiveRoundTrip() override {
    EXPECT_EQ(Leftovers(), "") << "nothing may be left in the data directory";
  }

  void Set(const std::string& name, const std::string& value) {
    a_.Sql(fmt::format("ALTER SYSTEM SET {} = $value${}$value$", name, value));
    a_.Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(Eventually(
        [&] { return a_.Sql(fmt::format("SELECT current_setting('{}')", name)) == value; }));
  }
  void RestoreBy(const std::string& command) { Set("restore_command", command); }

  std::string RoundTrip(const std::string& timeout = "30 s") {
    return a_.Rows(
        fmt::format("SELECT step, status, message FROM baton.archive_round_trip('{}')", timeout));
  }
  std::string Step(const std::string& step, const std::string& columns, int seconds = 30) {
    return a_.Rows(fmt::format("SELECT {} FROM baton.archive_round_trip('{} s') WHERE step = '{}'",
                               columns, seconds, step));
  }

  std::string Leftovers() const {
    std::string names;
    for (const auto& entry : fs::directory_iterator(a_.data() / "pg_baton")) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("round_trip.")) names += name + "\n";
    }
    return names;
  }

  fs::path archive_;
  Node& a_;
};

TEST_F(ArchiveRoundTrip, ASoundArchiveGivesBackWhatItTook) {
  EXPECT_THAT(
      RoundTrip(),
      ContainsRegex(fmt::format(
          "^server\\|ok\\|a primary that archives by archive_command\n"
          "archive\\|ok\\|{0} was archived after .*\n"
          "restore\\|ok\\|restore_command brought {0} in .*\n"
          "compare\\|ok\\|{0} came back as it is in pg_wal, byte by byte\n"
          "missing\\|ok\\|restore_command said no to a file that no archive has, in [^\n]*$",
          kOneSegment)));
  EXPECT_EQ(a_.Rows("SELECT step, elapsed_ms > 0 FROM baton.archive_round_trip() ORDER BY step"),
            "archive|t\ncompare|\nmissing|t\nrestore|t\nserver|");
}

TEST_F(ArchiveRoundTrip, WithoutARestoreCommandTheArchivesFolderIsRead) {
  RestoreBy("");
  Set("pg_baton.archive_directory", archive_.string());

  EXPECT_THAT(RoundTrip(),
              ContainsRegex(fmt::format("directory\\|ok\\|{0} was read from \".*\" in .*\n"
                                        "compare\\|ok\\|{0} came back as it is in pg_wal, byte by "
                                        "byte$",
                                        kOneSegment)));

  Set("pg_baton.archive_directory", archive_.string() + ".gone");
  EXPECT_THAT(RoundTrip(), ContainsRegex("directory\\|critical\\|could not read .* from "
                                         "\".*\\.gone\": could not open archive directory .*$"));
}

TEST_F(ArchiveRoundTrip, IsForOperatorsAndWritesNothingAtAClosedGate) {
  a_.Sql("CREATE ROLE operator LOGIN IN ROLE baton_operator");
  helper::Connection session = a_.Connect("postgres", "operator");
  EXPECT_EQ(session.Value("SELECT count(*) FROM baton.archive_round_trip()"), "5");

  a_.Sql("SELECT baton.fence('a test')");
  const std::string before = a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");

  EXPECT_EQ(a_.Rows("SELECT * FROM baton.archive_round_trip()"),
            "server|unknown|the write gate is closed|The reason is: fenced by hand.  Nothing was "
            "written.|Try again when the gate is open; baton.node_status tells.|");
  EXPECT_EQ(a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())"), before);
}

TEST_F(ArchiveRoundTrip, AStandbyIsNotAsked) {
  Node& b = cluster_.Clone("b", a_);

  EXPECT_EQ(b.Rows("SELECT * FROM baton.archive_round_trip()"),
            "server|unknown|this server is a standby|The round trip begins with a record that is "
            "written.|Call baton.archive_round_trip() on the primary.|");
}

TEST_F(ArchiveRoundTrip, AnArchiverThatFailsIsTold) {
  Set("archive_command", "false");

  const std::string rows = RoundTrip("2 s");

  EXPECT_THAT(rows, ContainsRegex("archive\\|critical\\|.* was not archived within [0-9.]+ s$"));
  EXPECT_EQ(rows.find("restore"), std::string::npos);
}

TEST_F(ArchiveRoundTrip, ACommandThatAlwaysSaysYesIsFoundOut) {
  RestoreBy("true");

  const std::string rows = RoundTrip();

  EXPECT_THAT(rows, ContainsRegex("restore\\|critical\\|restore_command says that it brought .*, "
                                  "and did not\n"));
  EXPECT_THAT(rows, HasSubstr("missing|critical|restore_command says that it brought a file that "
                              "no archive has"));
}

TEST_F(ArchiveRoundTrip, ACommandThatBringsAnotherFileIsFoundOut) {
  const fs::path other = cluster_.directory() / "other";
  RunOrFail({"/usr/bin/truncate", "--size=16M", other.string()});
  RestoreBy(fmt::format("cp {} %p", other.string()));

  const std::string rows = RoundTrip();

  EXPECT_THAT(rows, ContainsRegex("restore\\|ok\\|"));
  EXPECT_THAT(rows, ContainsRegex("compare\\|critical\\|.* came back with other content\n"));
  EXPECT_THAT(rows, HasSubstr("missing|critical|restore_command brought a file that no archive "
                              "has"));
}

TEST_F(ArchiveRoundTrip, ACommandThatIsNotThereIsToldWithItsExitCode) {
  RestoreBy("/nowhere/fetch %f %p");

  EXPECT_THAT(RoundTrip(),
              ContainsRegex("restore\\|critical\\|restore_command ended with exit code 127 when "
                            "asked for .*\n"
                            "missing\\|critical\\|restore_command ended with exit code 127"));
}

TEST_F(ArchiveRoundTrip, ACommandThatLeavesARestIsAWarning) {
  RestoreBy(fmt::format("cp {}/%f %p || ( echo x > %p; exit 1 )", archive_.string()));

  EXPECT_EQ(Step("missing", "status, detail"), "warning|2 bytes were left, with exit code 1.");
}

TEST_F(ArchiveRoundTrip, ACommandThatHangsEndsWithTheTime) {
  RestoreBy(fmt::format("sleep 1000 # {} %f %p", a_.port()));

  EXPECT_THAT(Step("restore", "status, message", 3),
              MatchesRegex("critical\\|restore_command was still at work on .*, and was ended"));
  EXPECT_THAT(Step("missing", "status, message", 3),
              "unknown|there was no time left for this step");
}

TEST_F(ArchiveRoundTrip, CancelledInTheMiddleItLeavesNothing) {
  RestoreBy("echo half > %p; sleep 1000");

  helper::Connection session = a_.Connect();
  session.Run("SET statement_timeout = '2 s'");

  EXPECT_THROW(session.Run("SELECT * FROM baton.archive_round_trip()"), helper::SqlError);
  EXPECT_EQ(Leftovers(), "");
}

TEST_F(ArchiveRoundTrip, WithoutACommandItSaysSo) {
  RestoreBy("");

  EXPECT_EQ(Step("restore", "status, message"), "unknown|restore_command is empty");
}

TEST_F(ArchiveRoundTrip, TheHelperTellsEachStep) {
  const std::vector<std::string> arguments = {
      "archive-check",          "--round-trip", "-h", cluster_.directory().string(), "-p",
      std::to_string(a_.port())};

  const HelperResult sound = cluster_.Helper(arguments);
  RestoreBy("true");
  const HelperResult failing = cluster_.Helper(arguments);
  RestoreBy("");
  const HelperResult unknown = cluster_.Helper(arguments);

  EXPECT_EQ(sound.exit_code, 0) << sound.output;
  EXPECT_THAT(sound.output, HasSubstr("missing   ok        restore_command said no to a file"));
  EXPECT_EQ(failing.exit_code, 3);
  EXPECT_THAT(failing.output,
              HasSubstr("restore   critical  restore_command says that it brought"));
  EXPECT_EQ(unknown.exit_code, 1) << unknown.output;
  EXPECT_THAT(unknown.output, HasSubstr("restore   unknown   restore_command is empty"));
}

}  // namespace
}  // namespace baton::test
