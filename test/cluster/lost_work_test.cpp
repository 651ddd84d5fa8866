// What a rejoin says of the work that it gives up, against what those know who did it.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/stat.h>

#include "core/lsn.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/baton_scenario.hpp"
#include "test/cluster/proxy.hpp"
#include "test/cluster/rejoin_scenario.hpp"

namespace baton::test {
namespace {

using core::Lsn;
using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<std::int64_t> Xids(const json& transactions) {
  std::vector<std::int64_t> xids;
  for (const json& one : transactions) xids.push_back(one["xid"].get<std::int64_t>());
  return xids;
}

std::int64_t TransactionsOn(const json& summary, const std::string& table) {
  for (const json& one : summary["tables"]) {
    if (one["table"] == table) return one["transactions"].get<std::int64_t>();
  }
  return 0;
}

class LostWork : public RejoinScenario {
 protected:
  void SetUp() override {
    const std::string settings = "max_prepared_transactions = 5\nautovacuum = off\n";
    for (Node* const node : {&b_, &a_}) {
      node->Configure(settings);
      node->Restart();
    }
    ASSERT_TRUE(Eventually([&] { return a_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
    a_.Sql("CREATE TABLE u (n int PRIMARY KEY, words text)");
    WaitForReplay();
  }
  void Promote() {
    ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  }
  // On a, through its closed gate; returns the number of the transaction.
  std::int64_t Run(const std::string& statement, const std::string& end = "COMMIT",
                   const std::string& database = "postgres") {
    helper::Connection session = a_.Connect(database);
    session.Run("SET pg_baton.bypass_gate = on");
    session.Run("BEGIN");
    session.Run(statement);
    const std::string xid = session.Value("SELECT pg_current_xact_id()");
    session.Run(end);
    return std::stoll(xid);
  }
  json Summary() const {
    return json::parse(helper::ReadFile(RejoinScenario::LostWork() / "summary.json"));
  }
  Lsn Fork() const {
    return Lsn::Parse(
               b_.Sql("SELECT split_part(pg_read_file('pg_wal/00000002.history'), E'\\t', 2)"))
        .value();
  }
  // An archive that takes files as soon as it is open.
  void ArchiveTo(const fs::path& folder) {
    fs::create_directory(folder);
    ArchiveBy(
        fmt::format("archive_command = 'test -e \"{0}/open\" && "
                    "test ! -e \"{0}/%f\" && cp \"%p\" \"{0}/%f\"'\n",
                    folder.string()));
  }
  void ArchiveBy(const std::string& how) {
    a_.Configure("archive_mode = on\n" + how);
    a_.Restart();
    ASSERT_TRUE(Eventually([&] { return a_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
    for (int n = 0; n < 2; ++n) {
      common_.push_back(a_.Sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"));
      a_.Sql("INSERT INTO t VALUES (0)");
      a_.Sql("SELECT pg_switch_wal()");
    }
    WaitForReplay();
  }

  std::vector<std::string> common_;  // segments that were filled before the fork
};

//   a (primary) <--- b          a (killed)   b (primary)          a ---> b (primary)
TEST_F(LostWork, IsNamedByTransactionsTablesAndBytes) {
  Promote();
  std::vector<std::int64_t> given_up;
  for (int n = 1; n <= 4; ++n) given_up.push_back(Run(fmt::format("INSERT INTO t VALUES ({})", n)));
  given_up.push_back(Run("INSERT INTO u VALUES (1, 'one')"));
  // Too long for a page: the TOAST table and its index get it.
  given_up.push_back(
      Run("INSERT INTO u SELECT 2, string_agg(md5(n::text), '') FROM generate_series(1, 300) n"));
  Run("INSERT INTO t VALUES (5)", "ROLLBACK");
  given_up.push_back(
      Run("WITH both_tables AS (INSERT INTO t VALUES (6)) INSERT INTO u VALUES (6, 'six')"));
  const std::int64_t prepared =
      Run("INSERT INTO u VALUES (7, 'seven')", "PREPARE TRANSACTION 'left open'");
  const Lsn written = Lsn::Parse(a_.Sql("SELECT pg_current_wal_flush_lsn()")).value();
  const Lsn fork = Fork();
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  const fs::path folder = RejoinScenario::LostWork();
  EXPECT_THAT(result.output, HasSubstr("  5 in public.t of database postgres\n"));
  EXPECT_THAT(result.output, HasSubstr(fmt::format(
                                 "kept what is given up, 7 transactions in 2 tables, in \"{}\"\n",
                                 folder.string())));
  const json summary = Summary();
  EXPECT_THAT(Xids(summary["committed"]), ElementsAreArray(given_up)) << summary.dump(1);
  EXPECT_EQ(summary["transactions"], 7);
  EXPECT_THAT(Xids(summary["prepared"]), ElementsAre(prepared));
  EXPECT_EQ(summary["prepared"][0]["gid"], "left open");
  EXPECT_EQ(summary["tables"],
            json::parse(R"([{"database": "postgres", "table": "public.t", "transactions": 5},
                            {"database": "postgres", "table": "public.u", "transactions": 3}])"));
  EXPECT_EQ(summary["fork_lsn"], fork.ToString());
  const Lsn end = Lsn::Parse(summary["end_lsn"].get<std::string>()).value();
  EXPECT_EQ(summary["bytes"], end.BytesSince(fork));
  EXPECT_GE(end, written);
  EXPECT_LT(end.BytesSince(written), 8192) << "at most what a server writes by itself";
  struct stat facts {};
  ASSERT_EQ(stat((folder / "summary.txt").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  ExpectFollows();
}

TEST_F(LostWork, CanBeReadFromTheWalThatIsKept) {
  Promote();
  std::vector<std::int64_t> given_up;
  for (int n = 1; n <= 3; ++n) given_up.push_back(Run(fmt::format("INSERT INTO t VALUES ({})", n)));
  const Lsn fork = Fork();
  a_.Kill();
  ASSERT_EQ(cluster_.RunRejoin(a_, b_).exit_code, 0);

  const helper::ProcessResult dump = helper::RunProcess(
      {Cluster::Program("pg_waldump"), "--path=" + (RejoinScenario::LostWork() / "wal").string(),
       "--timeline=1", "--start=" + fork.ToString(), "--rmgr=Transaction"});

  std::vector<std::int64_t> commits;
  std::istringstream lines(dump.output);
  for (std::string line; std::getline(lines, line);) {
    const auto xid = line.find(", tx:");
    if (line.find("desc: COMMIT ") == std::string::npos || xid == std::string::npos) continue;
    commits.push_back(std::stoll(line.substr(xid + 5)));
  }
  EXPECT_THAT(commits, ElementsAreArray(given_up)) << dump.output;
}

TEST_F(LostWork, HasNumbersForNamesWhereADatabaseCannotBeEntered) {
  a_.Sql("CREATE DATABASE other");
  a_.Sql("CREATE TABLE v (n int)", "other");
  WaitForReplay();
  const std::string node = a_.Sql("SELECT pg_relation_filenode('v')", "other");
  const std::string database = a_.Sql("SELECT oid FROM pg_database WHERE datname = 'other'");
  Promote();
  Run("INSERT INTO t VALUES (1)");
  Run("INSERT INTO v VALUES (1)", "COMMIT", "other");
  b_.Sql("ALTER DATABASE other ALLOW_CONNECTIONS false");
  a_.Kill();

  ASSERT_EQ(cluster_.RunRejoin(a_, b_).exit_code, 0);

  const json summary = Summary();
  EXPECT_EQ(TransactionsOn(summary, "public.t"), 1);
  EXPECT_EQ(TransactionsOn(summary, fmt::format("file node {} of database {}, not known to the "
                                                "new primary",
                                                node, database)),
            1)
      << summary.dump(1);
}

TEST_F(LostWork, DoesNotIncludeCommonHistoryThatWaitsForTheArchive) {
  const fs::path archive = cluster_.directory() / "archive";
  ArchiveTo(archive);
  Promote();
  Run("INSERT INTO t VALUES (1)");
  a_.Kill();
  std::ofstream(archive / "open").close();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const std::string& name : common_) EXPECT_TRUE(fs::exists(archive / name)) << name;
  EXPECT_THAT(Summary()["unarchived"], IsEmpty());
  EXPECT_FALSE(fs::exists(RejoinScenario::LostWork() / "unarchived"));
}

// A library that is given its directory only then.
TEST_F(LostWork, DoesNotIncludeCommonHistoryThatOurLibraryArchives) {
  const fs::path archive = cluster_.directory() / "archive";
  ArchiveBy(fmt::format("archive_library = 'pg_baton'\npg_baton.archive_directory = '{}'\n",
                        archive.string()));
  Promote();
  Run("INSERT INTO t VALUES (1)");
  a_.Kill();
  fs::create_directory(archive);

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const std::string& name : common_) EXPECT_TRUE(fs::exists(archive / name)) << name;
  EXPECT_THAT(Summary()["unarchived"], IsEmpty());
}

TEST_F(LostWork, HasACopyOfCommonHistoryThatTheArchiveDoesNotTake) {
  ArchiveTo(cluster_.directory() / "archive");
  Promote();
  Run("INSERT INTO t VALUES (1)");
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("archive_command ended with exit code 1"));
  const json summary = Summary();
  for (const std::string& name : common_) {
    EXPECT_THAT(summary["unarchived"], Contains(name));
    EXPECT_TRUE(fs::exists(RejoinScenario::LostWork() / "unarchived" / name)) << name;
  }
  ExpectFollows();
}

class LostWorkOfFailover : public BatonScenario {
 protected:
  // It stays where it is until it is told to come back.
  LostWorkOfFailover()
      : a_(cluster_.InitPrimary("a", kQuick + "pg_baton.follow_primary = off\n")),
        b_(cluster_.Clone("b", a_)) {}

  // By row, the transaction that wrote it, of what a has and b has not.
  std::map<std::int64_t, std::int64_t> OnlyOnA() const {
    std::string known = "0";
    for (const std::int64_t number : HeirOf(b_).rows) known += fmt::format(",{}", number);
    std::istringstream rows(a_.Sql(
        fmt::format("SELECT number || ' ' || xmin FROM ledger WHERE number NOT IN ({})", known)));
    std::map<std::int64_t, std::int64_t> found;
    for (std::int64_t number = 0, xid = 0; rows >> number >> xid;) found[number] = xid;
    return found;
  }

  Node& a_;
  Node& b_;
};

//   a (primary) <-/- b        a (closed)   b (primary)        a ---> b (primary)
TEST_F(LostWorkOfFailover, IsWhatTheOldPrimaryAcknowledgedAndTheNewOneNeverGot) {
  Proxy network(a_.port());
  StreamFrom(b_, network.port());
  ASSERT_TRUE(
      Returns(a_, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1"));
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  network.Swallow();
  ASSERT_TRUE(WritesGoOn());
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  ASSERT_TRUE(WritesGoOnAt(b_));
  ASSERT_TRUE(Returns(a_, "SELECT gate FROM baton.node_status", "closed"));
  StopWriter();
  const std::map<std::int64_t, std::int64_t> only_on_a = OnlyOnA();
  ASSERT_THAT(only_on_a, Not(IsEmpty()));
  const std::vector<Attempt> lost = Lost(ledger(), HeirOf(b_));
  ASSERT_THAT(lost, Not(IsEmpty()));
  a_.Kill();

  const HelperResult result = cluster_.RunRejoin(a_, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(a_.data().string() + ".pg_baton_lost")) {
    folders.push_back(entry.path());
  }
  ASSERT_THAT(folders, SizeIs(1));
  const json summary = json::parse(helper::ReadFile(folders.front() / "summary.json"));
  EXPECT_EQ(TransactionsOn(summary, "public.ledger"), static_cast<std::int64_t>(only_on_a.size()))
      << summary.dump(1);
  const std::vector<std::int64_t> given_up = Xids(summary["committed"]);
  for (const Attempt& attempt : lost) {
    ASSERT_TRUE(only_on_a.contains(attempt.number)) << ToLine(attempt);
    EXPECT_THAT(given_up, Contains(only_on_a.at(attempt.number))) << ToLine(attempt);
  }
}

}  // namespace
}  // namespace baton::test
