// The audit of an archive that plain cp has made, across a promotion, by SQL and from the shell.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

//   a (killed)    b (primary, timeline 2), both archived to one folder
class ArchiveCheck : public Scenario {
 protected:
  ArchiveCheck()
      : archive_(cluster_.directory() / "archive"),
        a_(cluster_.InitPrimary(
            "a", kQuick + fmt::format("archive_mode = on\n"
                                      "archive_command = 'mkdir -p {0} && test ! -f {0}/%f && cp "
                                      "%p {0}/%f'\n",
                                      archive_.string()))),
        b_(cluster_.Clone("b", a_)) {
    FillSegments(a_, 2);
    a_.Sql("CREATE TABLE filler AS SELECT repeat('x', 500) FROM generate_series(1, 50000)");
    WaitForReplay(a_, b_);
    EXPECT_TRUE(Returns(a_,
                        "SELECT last_archived_wal >= '000000010000000000000004'"
                        " FROM pg_stat_archiver",
                        "t"));
    a_.Kill();
    EXPECT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
    FillSegments(b_, 2);
    EXPECT_TRUE(Returns(b_, Findings("severity"), ""));
  }

  // Of what is not ok.
  std::string Findings(const std::string& columns, bool quick = false) const {
    return fmt::format("SELECT {} FROM baton.archive_check({}, '{}') WHERE severity <> 'ok'",
                       columns, quick, archive_.string());
  }
  HelperResult Check(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"archive-check",
                                          "--archive-directory=" + archive_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cluster_.Helper(arguments);
  }
  std::vector<std::string> AskingB() const {
    return {"-h", cluster_.directory().string(), "-p", std::to_string(b_.port())};
  }
  // The newest file whose name begins so.
  fs::path Newest(const std::string& beginning) const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(archive_)) {
      const std::string name = entry.path().filename();
      if (name.starts_with(beginning) && name.size() == 24 && entry.path() > newest) {
        newest = entry.path();
      }
    }
    return newest;
  }
  static void Overwrite(const fs::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream << "overwritten";
  }

  fs::path archive_;
  Node& a_;
  Node& b_;
};

TEST_F(ArchiveCheck, AnArchiveByCpIsCleanAcrossAPromotion) {
  EXPECT_TRUE(fs::exists(archive_ / "00000002.history"));
  EXPECT_EQ(b_.Rows(Findings("*")), "");
  EXPECT_EQ(b_.Rows(Findings("*", true)), "");
  const std::string coverage = b_.Sql(fmt::format(
      "SELECT meaning FROM baton.archive_check(directory => '{}') WHERE kind = 'coverage'",
      archive_.string()));
  EXPECT_THAT(coverage, ContainsRegex("^WAL is unbroken from 0/[0-9A-F]+ to 0/[0-9A-F]+\\.$"));

  const HelperResult alone = Check();
  EXPECT_EQ(alone.exit_code, 0) << alone.output;
  EXPECT_THAT(alone.output, HasSubstr("no server was asked: the archive is taken for that of the "
                                      "cluster with system identifier " +
                                      b_.Sql("SELECT system_identifier FROM pg_control_system()")));
  EXPECT_THAT(alone.output, HasSubstr("\n0 critical, 0 warning, 0 unknown\n"));
  const HelperResult beside = Check(AskingB());
  EXPECT_EQ(beside.exit_code, 0) << beside.output;
  EXPECT_THAT(beside.output, Not(HasSubstr("no server was asked")));
  EXPECT_THAT(beside.output, HasSubstr(coverage));
}

TEST_F(ArchiveCheck, FaultsAreFoundBySqlAndFromTheShell) {
  const fs::path old = Newest("00000001");
  const fs::path last = Newest("00000002");
  Overwrite(old, 100'000);
  EXPECT_EQ(b_.Rows(Findings("severity, kind, file")),
            "critical|damaged_segment|" + old.filename().string());
  EXPECT_EQ(b_.Rows(Findings("*", true)), "") << "a quick look does not read it";

  fs::remove(last);
  helper::ReplaceFile(archive_ / "00000002.history", "1\t0/1000000\tnot so\n");
  EXPECT_EQ(b_.Rows(Findings("severity, kind, file")),
            fmt::format("critical|history_differs|00000002.history\n"
                        "critical|damaged_segment|{}\n"
                        "warning|archive_behind|{}",
                        old.filename().string(), last.filename().string()));

  std::vector<std::string> arguments = AskingB();
  arguments.emplace_back("--format=json");
  const HelperResult result = Check(arguments);
  EXPECT_EQ(result.exit_code, 3) << result.output;
  const json printed = json::parse(result.json());
  EXPECT_EQ(printed["critical"], 2);
  EXPECT_EQ(printed["warning"], 1);
  EXPECT_EQ(printed["findings"][0]["kind"], "history_differs");
  EXPECT_EQ(printed["findings"][1]["meaning"],
            b_.Sql(Findings("meaning") + " AND kind = 'damaged_segment'"));
}

TEST_F(ArchiveCheck, AnotherClustersServerIsNotTakenForItsOwn) {
  Node& other = cluster_.InitPlain("other");
  const HelperResult result =
      Check({"-h", cluster_.directory().string(), "-p", std::to_string(other.port())});

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("it is of the cluster with system identifier"));
}

TEST_F(ArchiveCheck, AnArchiveThatIsNotThereIsAnError) {
  fs::rename(archive_, archive_.string() + ".away");

  EXPECT_THAT(b_.SqlError(Findings("*")),
              HasSubstr("could not read archive directory \"" + archive_.string() + "\""));
  const HelperResult result = Check();
  EXPECT_EQ(result.exit_code, 1) << result.output;
}

TEST_F(ArchiveCheck, ItCanBeInterrupted) {
  helper::Connection session = b_.Connect();
  session.Run("SET statement_timeout = 1");

  EXPECT_THROW(session.Query(Findings("*")), helper::SqlError);
  session.Run("SET statement_timeout = 0");
  EXPECT_EQ(session.Query(Findings("*")).rows(), 0) << "the session goes on as before";
}

TEST_F(ArchiveCheck, OnlyWhoMayReadTheServersFilesChoosesTheDirectory) {
  b_.Sql("CREATE ROLE reader LOGIN IN ROLE pg_monitor");
  helper::Connection reader = b_.Connect("postgres", "reader");
  try {
    reader.Query(Findings("*"));
    ADD_FAILURE() << "a monitoring role chose a directory";
  } catch (const helper::SqlError& error) {
    EXPECT_EQ(error.sqlstate(), "42501");
    EXPECT_STREQ(error.what(), "permission denied to check another directory");
  }
  b_.Sql("GRANT pg_read_server_files TO reader");
  EXPECT_EQ(reader.Query(Findings("*")).rows(), 0);
}

}  // namespace
}  // namespace baton::test
