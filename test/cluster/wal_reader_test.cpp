// What a server wrote before it was killed, as its WAL tells it.
#include "helper/backup/wal_reader.hpp"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "core/error.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using core::Lsn;
using testing::ElementsAreArray;
using testing::IsEmpty;

class WalReader : public testing::Test {
 protected:
  Node& Server() {
    return cluster_.InitPlain("a",
                              "max_prepared_transactions = 5\nautovacuum = off\n"
                              "wal_keep_size = 1GB\nwal_log_hints = on\n");
  }
  static Lsn Now(const Node& node) {
    return Lsn::Parse(node.Sql("SELECT pg_current_wal_insert_lsn()")).value();
  }
  static Lsn Redo(const Node& node) {
    return Lsn::Parse(node.Sql("SELECT redo_lsn FROM pg_control_checkpoint()")).value();
  }
  using Statements = std::vector<std::string>;
  // Runs them in a transaction, and returns its number.
  static core::TransactionId Run(const Node& node, const Statements& statements,
                                 const std::string& end = "COMMIT") {
    helper::Connection session = node.Connect();
    session.Run("BEGIN");
    for (const std::string& statement : statements) session.Run(statement);
    const std::string xid = session.Value("SELECT pg_current_xact_id()");
    session.Run(end);
    return static_cast<core::TransactionId>(std::stoul(xid));
  }
  // Databases' own number of the file of a table.
  static core::RelationId FileOf(const Node& node, const std::string& relation) {
    const std::string row = node.Rows(fmt::format(
        "SELECT (SELECT dattablespace FROM pg_database WHERE datname = current_database()), "
        "(SELECT oid FROM pg_database WHERE datname = current_database()), "
        "pg_relation_filenode('{}')",
        relation));
    std::istringstream words(row);
    core::RelationId id;
    char bar = 0;
    words >> id.tablespace >> bar >> id.database >> bar >> id.node;
    return id;
  }
  static std::vector<core::TransactionId> Xids(
      const std::vector<core::WalTransaction>& transactions) {
    std::vector<core::TransactionId> xids;
    for (const core::WalTransaction& one : transactions) xids.push_back(one.xid);
    return xids;
  }
  // Goes on as the primary of the next timeline.
  static void Promote(Node& node) {
    node.Stop();
    std::ofstream(node.data() / "standby.signal").close();
    node.Start();
    node.Sql("SELECT pg_promote()");
  }
  static core::WalSummary Read(const Node& node, core::TimelineId timeline, Lsn start, Lsn begin) {
    return helper::ReadWal(helper::FindPrograms(Cluster::bindir(), 0), node.data() / "pg_wal",
                           timeline, start, begin);
  }
  static helper::CheckpointSearch Search(const Node& node, core::TimelineId timeline, Lsn fork) {
    return helper::FindLastCheckpointBefore(helper::FindPrograms(Cluster::bindir(), 0),
                                            node.data() / "pg_wal", timeline, fork);
  }

  Cluster cluster_;
};

TEST_F(WalReader, FindsWhatWasCommittedAndNothingElse) {
  Node& node = Server();
  node.Sql("CREATE TABLE one (a int)");
  node.Sql("CREATE TABLE two (a int)");
  node.Sql("CHECKPOINT");
  const Lsn start = Redo(node);
  Run(node, {"INSERT INTO one VALUES (0)"});
  const Lsn fork = Now(node);

  std::vector<core::TransactionId> committed;
  committed.push_back(Run(node, {"INSERT INTO one VALUES (1)"}));
  committed.push_back(Run(node, {"SAVEPOINT s", "INSERT INTO two VALUES (1)", "RELEASE s",
                                 "SAVEPOINT r", "INSERT INTO one VALUES (2)", "ROLLBACK TO r"}));
  Run(node, {"INSERT INTO one VALUES (3)"}, "ROLLBACK");
  Run(node, {"INSERT INTO two VALUES (2)"}, "PREPARE TRANSACTION 'left open'");
  Run(node, {"INSERT INTO one VALUES (4)"}, "PREPARE TRANSACTION 'taken back'");
  node.Sql("ROLLBACK PREPARED 'taken back'");
  node.Sql("SELECT pg_switch_wal()");
  // More than a page of WAL in one record.
  committed.push_back(Run(node, {"SELECT pg_logical_emit_message(true, 'long', repeat('x', 40000))",
                                 "INSERT INTO one VALUES (5)"}));
  committed.push_back(Run(node, {"CREATE TABLE three (a int)"}));
  const Lsn end = Now(node);
  const core::RelationId one = FileOf(node, "one");
  const core::RelationId two = FileOf(node, "two");
  const core::RelationId three = FileOf(node, "three");
  node.Kill();

  const core::WalSummary summary = Read(node, 1, start, fork);
  EXPECT_THAT(Xids(summary.transactions), ElementsAreArray(committed));
  EXPECT_EQ(summary.committed, 4);
  EXPECT_EQ(summary.aborts, 3);
  EXPECT_EQ(summary.transactions.at(0).relations, core::RelationIds{one});
  EXPECT_EQ(summary.transactions.at(1).relations, core::RelationIds{two});
  EXPECT_EQ(summary.transactions.at(2).relations, core::RelationIds{one});
  ASSERT_EQ(summary.prepared.size(), 1u);
  EXPECT_EQ(summary.prepared[0].gid, "left open");
  EXPECT_EQ(summary.prepared[0].relations, core::RelationIds{two});
  EXPECT_TRUE(summary.created.contains(three));
  EXPECT_EQ(summary.created.contains(one), false);
  EXPECT_EQ(summary.end, end) << summary.end.ToString() << " " << end.ToString();
}

TEST_F(WalReader, ReadsThroughAPromotion) {
  Node& node = Server();
  node.Sql("CREATE TABLE one (a int)");
  node.Sql("CHECKPOINT");
  const Lsn start = Redo(node);
  std::vector<core::TransactionId> committed;
  committed.push_back(Run(node, {"INSERT INTO one VALUES (1)"}));
  Promote(node);
  committed.push_back(Run(node, {"INSERT INTO one VALUES (2)"}));
  node.Sql("SELECT pg_switch_wal()");
  committed.push_back(Run(node, {"INSERT INTO one VALUES (3)"}));
  const Lsn end = Now(node);
  node.Kill();

  const core::WalSummary summary = Read(node, 2, start, start);

  EXPECT_THAT(Xids(summary.transactions), ElementsAreArray(committed));
  EXPECT_EQ(summary.end, end) << summary.end.ToString() << " " << end.ToString();
}

TEST_F(WalReader, FindsTheLastCheckpointBeforeAFork) {
  Node& node = Server();
  node.Sql("CREATE TABLE one (a int)");
  node.Sql("CHECKPOINT");
  const Lsn checkpoint =
      Lsn::Parse(node.Sql("SELECT checkpoint_lsn FROM pg_control_checkpoint()")).value();
  const Lsn redo = Redo(node);
  node.Sql("SELECT pg_switch_wal()");
  Run(node, {"INSERT INTO one VALUES (1)"});
  node.Sql("SELECT pg_switch_wal()");
  Run(node, {"INSERT INTO one VALUES (2)"});
  const Lsn fork = Now(node);
  Run(node, {"INSERT INTO one VALUES (3)"});
  node.Sql("CHECKPOINT");
  const std::string segment =
      node.Sql(fmt::format("SELECT pg_walfile_name('{}')", checkpoint.ToString()));
  node.Kill();

  const helper::CheckpointSearch search = Search(node, 1, fork);
  ASSERT_TRUE(search.found.has_value()) << search.missing_segment;
  EXPECT_EQ(search.found->at, checkpoint);
  EXPECT_EQ(search.found->redo, redo);

  fs::remove(node.data() / "pg_wal" / segment);
  EXPECT_EQ(Search(node, 1, fork).found, std::nullopt);
  EXPECT_EQ(Search(node, 1, fork).missing_segment, segment);
}

TEST_F(WalReader, SaysWhichSegmentIsMissing) {
  Node& node = Server();
  node.Sql("CREATE TABLE one (a int)");
  node.Sql("CHECKPOINT");
  const Lsn start = Redo(node);
  node.Sql("SELECT pg_switch_wal()");
  const std::string segment = node.Sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
  Run(node, {"INSERT INTO one VALUES (1)"});
  node.Sql("SELECT pg_switch_wal()");
  Run(node, {"INSERT INTO one VALUES (2)"});
  node.Kill();
  ASSERT_EQ(Read(node, 1, start, start).committed, 2);

  fs::remove(node.data() / "pg_wal" / segment);

  try {
    Read(node, 1, start, start);
    FAIL() << "nothing is missing";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.detail(), fmt::format("Segment \"{}\" is missing.", segment));
  }
}

}  // namespace
}  // namespace baton::test
