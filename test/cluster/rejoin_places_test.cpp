// A rejoin of what is not all in one directory, and of requests that cannot be met.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/rejoin_scenario.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RejoinPlaces : public RejoinScenario {
 protected:
  // All files of a with sizes and times, and what stands beside a's directory.
  std::string Everything() const {
    return RunOrFail({"/bin/sh", "-c",
                      fmt::format("cd {} && find a -printf '%p %y %m %l\\n' | sort && "
                                  "find a -type f -printf '%p %s %T@\\n' | sort && ls -dA a* && "
                                  "md5sum a/*.conf a/global/pg_control",
                                  cluster_.directory().string())});
  }

  // The first line that is another one is shown.
  static testing::AssertionResult IsTheSame(const std::string& before, const std::string& now) {
    const auto [old_line, new_line] =
        std::mismatch(before.begin(), before.end(), now.begin(), now.end());
    if (old_line == before.end() && new_line == now.end()) return testing::AssertionSuccess();
    const auto line = [](const std::string& text, std::string::const_iterator at) {
      const auto offset = static_cast<std::size_t>(at - text.begin());
      const std::size_t end = text.rfind('\n', offset);
      return text.substr(end == std::string::npos ? 0 : end, 200);
    };
    return testing::AssertionFailure()
           << "before:" << line(before, old_line) << "\nnow:" << line(now, new_line);
  }

  // a's directory is as it was, and the source knows nothing of it.
  void ExpectNothingHappened(const std::string& before) const {
    EXPECT_TRUE(IsTheSame(before, Everything()));
    if (b_.IsRunning()) {
      EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
    }
  }

  // A folder outside of all data directories.
  fs::path Folder(const std::string& name) const {
    const fs::path path = cluster_.directory() / name;
    fs::create_directory(path);
    return path;
  }
};

class RejoinTablespaces : public RejoinPlaces {
 protected:
  // b is made again, with the tablespace of a at another place.
  RejoinTablespaces() {
    b_.Stop();
    fs::remove_all(b_.data());
    a_.Sql("SELECT pg_drop_replication_slot('b')");
    a_.Sql(fmt::format("CREATE TABLESPACE ts LOCATION '{}'", Folder("ts_a").string()));
    a_.Sql("CREATE TABLE s TABLESPACE ts AS SELECT generate_series(1, 1000) AS n");
    const HelperResult made = cluster_.RunClone(
        b_, a_, {"-T", fmt::format("{0}/ts_a={0}/ts_b", cluster_.directory().string())});
    EXPECT_EQ(made.exit_code, 0) << made.output;
    WaitForReplay();
  }

  void DivergeInTheTablespace() {
    Diverge();
    helper::Connection session = a_.Connect();
    session.Query("SET pg_baton.bypass_gate = on");
    session.Query("INSERT INTO s SELECT generate_series(5000, 5999)");
    session.Query("CREATE TABLE s_of_a TABLESPACE ts AS SELECT 1 AS n");
    b_.Sql("INSERT INTO s SELECT generate_series(2000, 2009)");
  }

  // On b, when a is gone: a's recovery would make it at the same path.
  void MakeAnother() {
    b_.Sql(fmt::format("CREATE TABLESPACE another LOCATION '{}'", Folder("another").string()));
    b_.Sql("CREATE TABLE u TABLESPACE another AS SELECT generate_series(1, 100) AS n");
  }
  std::string AnotherElsewhere() const {
    return fmt::format("--tablespace-mapping={0}/another={0}/another_a",
                       cluster_.directory().string());
  }

  void ExpectTheTablespaceIsWhole() {
    EXPECT_EQ(a_.Sql("SELECT sum(n) FROM s"), b_.Sql("SELECT sum(n) FROM s"));
    EXPECT_EQ(a_.Sql("SELECT to_regclass('s_of_a') IS NULL"), "t");
    EXPECT_EQ(LocationOn(a_, "ts"), (cluster_.directory() / "ts_a").string());
    EXPECT_EQ(LocationOn(b_, "ts"), (cluster_.directory() / "ts_b").string());
    for (const char* const ending : {".pg_baton_new", ".pg_baton_old"}) {
      EXPECT_FALSE(fs::exists((cluster_.directory() / "ts_a").string() + ending)) << ending;
    }
  }

  void ExpectAnotherIsElsewhere() {
    EXPECT_EQ(LocationOn(b_, "another"), (cluster_.directory() / "another").string());
    EXPECT_EQ(LocationOn(a_, "another"), (cluster_.directory() / "another_a").string());
    EXPECT_EQ(a_.Sql("SELECT sum(n) FROM u"), "5050");
    b_.Sql("INSERT INTO u VALUES (7)");
    EXPECT_TRUE(Eventually([&] { return a_.Sql("SELECT sum(n) FROM u") == "5057"; }));
  }

  void ExpectIsRefusedBecauseAnotherIsTaken(const HelperResult& result) {
    const std::string path = (cluster_.directory() / "another").string();
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_THAT(
        result.output,
        AllOf(HasSubstr(fmt::format("pg_baton: error: directory \"{}\" is not empty\n", path)),
              HasSubstr(fmt::format("hint: Name another place with --tablespace-mapping={}=DIR.",
                                    path))));
  }

  static std::string LocationOn(const Node& node, const std::string& tablespace) {
    return node.Sql(fmt::format(
        "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = '{}'", tablespace));
  }
};

//   a, ts at ts_a (killed)   b, ts at ts_b (primary)          a, ts at ts_a ---> b
TEST_F(RejoinTablespaces, AreRewoundWhereTheyAreHere) {
  DivergeInTheTablespace();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  ExpectTheTablespaceIsWhole();
  ExpectFollows();
}

//   a, ts at ts_a (killed)   b, ts at ts_b (primary)          a, ts at ts_a ---> b, by a new copy
TEST_F(RejoinTablespaces, AreCopiedToWhereTheyAreHere) {
  DivergeInTheTablespace();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=copy"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectTheTablespaceIsWhole();
  ExpectFollows();
}

// Recovery makes a tablespace where the source has it, whatever link is there before
// (create_tablespace_directories in src/backend/commands/tablespace.c).
//   a (killed)   b (primary) with a new tablespace          a, the same elsewhere ---> b
TEST_F(RejoinTablespaces, ThatAreNewNeedAPlaceOfTheirOwn) {
  DivergeInTheTablespace();
  a_.Kill();
  MakeAnother();
  const std::string before = Everything();

  const HelperResult refused = cluster_.RunRejoin(a_, b_);
  const std::string afterwards = Everything();
  const HelperResult mapped = cluster_.RunRejoin(a_, b_, {AnotherElsewhere()});

  ExpectIsRefusedBecauseAnotherIsTaken(refused);
  EXPECT_TRUE(IsTheSame(before, afterwards));
  ASSERT_EQ(mapped.exit_code, 0) << mapped.output;
  ExpectAnotherIsElsewhere();
  ExpectTheTablespaceIsWhole();
  ExpectFollows();
}

//   a (stopped)   b (primary) with a new tablespace          a, the same elsewhere ---> b
TEST_F(RejoinTablespaces, ThatAreNewNeedAPlaceOfTheirOwnWhereNothingIsRewound) {
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  MakeAnother();
  const std::string before = Everything();

  const HelperResult refused = cluster_.RunRejoin(a_, b_);
  const std::string afterwards = a_.IsRunning() ? "it runs" : Everything();
  if (a_.IsRunning()) a_.Stop();
  const HelperResult mapped = cluster_.RunRejoin(a_, b_, {AnotherElsewhere()});

  ExpectIsRefusedBecauseAnotherIsTaken(refused);
  EXPECT_TRUE(IsTheSame(before, afterwards));
  ASSERT_EQ(mapped.exit_code, 0) << mapped.output;
  ExpectAnotherIsElsewhere();
  ExpectFollows();
}

// As Debian has it: the data directory has no configuration but postgresql.auto.conf.
//   a, configured by etc_a (killed)   b (primary)          a, configured by etc_a ---> b
TEST_F(RejoinPlaces, AConfigurationElsewhereStaysThere) {
  const fs::path etc = Folder("etc_a");
  a_.Stop();
  for (const char* const name : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
    fs::rename(a_.data() / name, etc / name);
  }
  std::ofstream(etc / "postgresql.conf", std::ios::app) << fmt::format(
      "data_directory = '{0}'\nhba_file = '{1}/pg_hba.conf'\n"
      "ident_file = '{1}/pg_ident.conf'\nmaintenance_work_mem = 99MB\n",
      a_.data().string(), etc.string());
  const std::string configuration = helper::ReadFile(etc / "postgresql.conf");
  RunOrFail({Cluster::Program("pg_ctl"), "start", "-w", "-D", etc, "-l", a_.log_file()});
  Diverge();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--config-dir=" + etc.string()});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  EXPECT_EQ(helper::ReadFile(etc / "postgresql.conf"), configuration);
  for (const char* const name : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
    EXPECT_FALSE(fs::exists(a_.data() / name)) << name;
  }
  EXPECT_EQ(a_.Sql("SHOW hba_file"), (etc / "pg_hba.conf").string());
  EXPECT_EQ(a_.Sql("SHOW maintenance_work_mem"), "99MB");
  ExpectFollows();
}

//   a (killed), no room for another    b (primary)          the same
TEST_F(RejoinPlaces, ANewCopyNeedsSpaceBesideTheOldDirectory) {
  Diverge();
  a_.Kill();
  const std::string size = RunOrFail({"/usr/bin/du", "-sm", a_.data()});
  std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
  for (const std::string& one : Cluster::RejoinArguments(a_, b_)) arguments.push_back(one);

  const helper::ProcessResult result = RunOnSmallFileSystem(
      cluster_.directory(),
      fmt::format("cp -a {0} $SMALL/ && {1} -D $SMALL/a --method=copy; code=$?; "
                  "diff -r {0} $SMALL/a && echo the same as before; "
                  "echo beside it: $(ls -d $SMALL/a?* 2>/dev/null); exit $code",
                  a_.data().string(), helper::CommandText(arguments)),
      std::stoi(size) + 10);

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("pg_baton: error: there is no space for a new copy beside the old "
                        "directory\npg_baton: detail: The source has "));
  EXPECT_THAT(result.output, HasSubstr("\nthe same as before\nbeside it:\n"));
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

//   a (killed)   b (primary, does not let it in)          the same
TEST_F(RejoinPlaces, AWrongPasswordChangesNothing) {
  Diverge();
  a_.Kill();
  const fs::path wrong = cluster_.directory() / "wrong_passfile";
  std::ofstream(wrong) << "*:*:*:baton_node:wrong\n";
  chmod(wrong.c_str(), 0600);
  const std::string before = Everything();

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--passfile=" + wrong.string()});

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("pg_baton: error: could not connect to "),
                                   HasSubstr("password authentication failed for user "
                                             "\"baton_node\"")));
  ExpectNothingHappened(before);
}

//   a (killed)   b (killed)          the same
TEST_F(RejoinPlaces, ASourceThatDoesNotListenChangesNothing) {
  Diverge();
  a_.Kill();
  b_.Kill();
  const std::string before = Everything();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("pg_baton: error: could not connect to "),
                                   HasSubstr("Connection refused")));
  ExpectNothingHappened(before);
}

//   a (killed)   b (primary)          the same
TEST_F(RejoinPlaces, RequestsThatMakeNoSenseChangeNothing) {
  Diverge();
  a_.Kill();
  std::ofstream(cluster_.directory() / "file") << "no folder";
  const std::string before = Everything();
  const auto expect = [&](const std::vector<std::string>& more, int exit_code,
                          const std::string& message) {
    const HelperResult result = cluster_.RunRejoin(a_, b_, more);
    EXPECT_EQ(result.exit_code, exit_code) << result.output;
    EXPECT_THAT(result.output, AllOf(HasSubstr("pg_baton: error: "), HasSubstr(message)));
    ExpectNothingHappened(before);
  };

  expect({"--method=x"}, 2, "--method");
  expect({"--method="}, 2, "--method");
  expect({"--timeout=-1"}, 2, "--timeout");
  expect({"--node-name=Not A Name"}, 2, "name");
  expect({"-T", "no_equals_sign"}, 2, "no_equals_sign");
  expect({"-T", "/old="}, 2, "/old=");
  expect({"-T", "/old=relative"}, 2, "/old=relative");
  expect({"--work-directory=" + (cluster_.directory() / "file").string()}, 3, "--work-directory");
  expect({"--dry-run", "--work-directory=" + (cluster_.directory() / "file").string()}, 3,
         "--work-directory");
  expect({"--work-directory=" + a_.data().string()}, 3, "--work-directory");
  expect({"--work-directory=" + (a_.data() / "new").string(), "--method=copy"}, 3,
         "--work-directory");
}

//   a (stopped, could follow)   b (primary)          the same
TEST_F(RejoinPlaces, AWorkDirectoryThatIsAFileChangesNothingWhereNothingIsRewound) {
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  std::ofstream(cluster_.directory() / "file") << "no folder";
  const std::string before = Everything();

  const HelperResult result =
      cluster_.RunRejoin(a_, b_, {"--work-directory=" + (cluster_.directory() / "file").string()});

  EXPECT_EQ(result.exit_code, 3) << result.output;
  ExpectNothingHappened(before);
}

//   a (killed) with a journal that says nothing   b (primary)          the same
TEST_F(RejoinPlaces, AJournalThatCannotBeReadIsNotGuessed) {
  Diverge();
  a_.Kill();
  fs::create_directory(Beside(".pg_baton_rejoin"));
  const fs::path journal = fs::path(Beside(".pg_baton_rejoin")) / "journal.json";

  for (const char* const garbage :
       {"", "garbage", "{}", "[]", "{\"version\": 1, \"step\": \"dancing\"}", "{\"step\": 1"}) {
    std::ofstream(journal) << garbage;
    const std::string before = Everything();
    const HelperResult result = cluster_.RunRejoin(a_, b_);

    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_EQ(result.output,
              fmt::format("pg_baton: error: \"{}\" is no journal of a rejoin\n"
                          "pg_baton: detail: It is damaged, or of another version of pg_baton.\n"
                          "pg_baton: hint: If you are sure that no rejoin of this directory was "
                          "broken off, move the folder aside.\n",
                          journal.string()));
    EXPECT_EQ(helper::ReadFile(journal), garbage);
    ExpectNothingHappened(before);
  }
  fs::rename(Beside(".pg_baton_rejoin"), cluster_.directory() / "aside");
  const HelperResult result = cluster_.RunRejoin(a_, b_);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectFollows();
}

//   a (killed)   b (primary)      kill -9 of rejoin, and again      a ---> b
TEST_F(RejoinPlaces, AWorkDirectoryElsewhereHasTheJournalAndTheLostWork) {
  Diverge();
  a_.Kill();
  const fs::path work = cluster_.directory() / "work" / "of_a";
  const std::string there = "--work-directory=" + work.string();
  ASSERT_TRUE(BreakOff("rewound", {there}));
  ASSERT_TRUE(fs::exists(work / "a.pg_baton_rejoin" / "journal.json"));

  const HelperResult forgotten = cluster_.RunRejoin(a_, b_);
  const HelperResult again = cluster_.RunRejoin(a_, b_, {there});

  EXPECT_EQ(forgotten.exit_code, 3) << forgotten.output;
  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_FALSE(fs::exists(work / "a.pg_baton_rejoin"));
  EXPECT_TRUE(fs::is_directory(work / "a.pg_baton_lost"));
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_lost")));
  ExpectFollows();
}

//   a (killed)   b (primary)          a ---> b, the old directory beside a
TEST_F(RejoinPlaces, TheOldDirectoryIsKeptWhereThatIsAskedFor) {
  Diverge();
  a_.Kill();
  std::ofstream(a_.data() / "base" / "mark") << "old";

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=copy", "--keep-old"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(fmt::format("the old directory is \"{}\"\n",
                                                   Beside(".pg_baton_old").string())));
  EXPECT_EQ(helper::ReadFile(fs::path(Beside(".pg_baton_old")) / "base" / "mark"), "old");
  EXPECT_FALSE(fs::exists(a_.data() / "base" / "mark"));
  ExpectFollows();
}

//   a ---> b (primary)          the same
TEST_F(RejoinPlaces, AServerThatStreamsAlreadyIsLeftAlone) {
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  ASSERT_EQ(cluster_.RunRejoin(a_, b_).exit_code, 0);
  const int postmaster = a_.Postmaster();

  const HelperResult again = cluster_.RunRejoin(a_, b_);
  const HelperResult copied = cluster_.RunRejoin(a_, b_, {"--method=copy"});

  for (const HelperResult& result : {again, copied}) {
    EXPECT_EQ(result.exit_code, 3) << result.output;
    EXPECT_THAT(result.output, HasSubstr(fmt::format("pg_baton: error: a server is running in "
                                                     "\"{}\"\n",
                                                     a_.data().string())));
  }
  EXPECT_EQ(a_.Postmaster(), postmaster);
  ExpectFollows();
}

//   a (primary) <--- b (stopped)          a <--- b
TEST_F(RejoinPlaces, AStandbyOfTheSameTimelineThatWasStoppedFollows) {
  b_.Stop();
  a_.Sql("INSERT INTO t VALUES (7777)");

  const HelperResult result = cluster_.RunRejoin(b_, a_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("plan: follow\n"), Not(HasSubstr("rewound: "))));
  EXPECT_EQ(a_.Rows("SELECT name, state FROM baton.standbys"), "b|streaming");
  EXPECT_TRUE(Eventually([&] { return b_.Sql("SELECT count(*) FROM t") == "1001"; }));
}

//   a (primary) <--- b (killed)          a <--- b
TEST_F(RejoinPlaces, AStandbyOfTheSameTimelineThatWasKilledFollows) {
  b_.Kill();
  a_.Sql("INSERT INTO t VALUES (7777)");

  const HelperResult result = cluster_.RunRejoin(b_, a_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("plan: follow\n"));
  EXPECT_TRUE(Eventually([&] { return b_.Sql("SELECT count(*) FROM t") == "1001"; }));
}

}  // namespace
}  // namespace baton::test
