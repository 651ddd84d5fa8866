#include "core/lost_work.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace baton::core {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr RelationId kTable{1663, 5, 16400};
constexpr RelationId kIndex{1663, 5, 16410};
constexpr RelationId kOther{1663, 5, 16420};
constexpr RelationId kDropped{1663, 5, 16430};
constexpr RelationId kNew{1663, 5, 16440};
constexpr RelationId kCatalog{1663, 5, 1259};

std::optional<TableName> Names(const RelationId& relation) {
  if (relation == kTable || relation == kIndex) return TableName{"app", "public.one"};
  if (relation == kOther) return TableName{"app", "public.two"};
  if (relation == kCatalog) return TableName{"", std::string(kSystemCatalogs)};
  if (relation == kNew) return TableName{"app", "public.another_of_the_same_number"};
  return std::nullopt;
}

WalTransaction Committed(TransactionId xid, RelationIds relations) {
  return {xid, Lsn(0x3000100), "2026-11-24 03:00:00.000001 UTC", "", std::move(relations)};
}

// Three transactions in two tables, and one that is prepared.
WalSummary Wal() {
  WalSummary wal;
  wal.committed = 3;
  wal.first_commit_time = "2026-11-24 03:00:00.000001 UTC";
  wal.last_commit_time = "2026-11-24 03:00:09.000000 UTC";
  wal.transactions = {Committed(740, {kTable, kIndex}), Committed(741, {kTable}),
                      Committed(743, {kOther})};
  wal.changed = {{{kTable, kIndex}, 1}, {{kTable}, 1}, {{kOther}, 1}};
  wal.prepared = {{744, Lsn(0x3000200), "2026-11-24 03:00:10.000000 UTC", "left open", {kOther}}};
  return wal;
}

LostWork Work(const WalSummary& wal) {
  return MakeLostWork(wal, "a", 1, Lsn(0x3000000), Lsn(0x3000400), Names);
}

std::vector<std::string> Tables(const LostWork& work) {
  std::vector<std::string> tables;
  for (const LostTable& table : work.tables) {
    tables.push_back(table.name.table + ": " + std::to_string(table.transactions));
  }
  return tables;
}

TEST(LostWork, CountsATransactionOnceForATableAndItsIndex) {
  EXPECT_THAT(Tables(Work(Wal())), ElementsAre("public.one: 2", "public.two: 1"));
  EXPECT_EQ(LostWorkInShort(Work(Wal())), "3 transactions in 2 tables");
}

TEST(LostWork, NamesTransactionsInTheirOrder) {
  const LostWork work = Work(Wal());

  ASSERT_EQ(work.committed.size(), 3u);
  EXPECT_EQ(work.committed[0].xid, 740u);
  EXPECT_THAT(work.committed[0].tables, ElementsAre(TableName{"app", "public.one"}));
  EXPECT_EQ(work.committed[2].xid, 743u);
  EXPECT_EQ(work.bytes, 0x400);
  ASSERT_EQ(work.prepared.size(), 1u);
  EXPECT_EQ(work.prepared[0].gid, "left open");
  EXPECT_THAT(work.prepared[0].tables, ElementsAre(TableName{"app", "public.two"}));
}

TEST(LostWork, SaysWhatTheNewPrimaryDoesNotKnow) {
  WalSummary wal;
  wal.committed = 1;
  wal.changed = {{{kDropped}, 1}};

  EXPECT_THAT(Tables(Work(wal)),
              ElementsAre("file node 16430 of database 5, not known to the new primary: 1"));
}

TEST(LostWork, AsksForNothingThatWasMadeBeyondTheFork) {
  WalSummary wal;
  wal.committed = 2;
  wal.changed = {{{kNew}, 1}, {{{1663, 16500, 16400}}, 1}};
  wal.created = {kNew};
  wal.created_databases = {16500};

  EXPECT_THAT(RelationsToName(wal), testing::IsEmpty());
  EXPECT_THAT(Tables(Work(wal)),
              ElementsAre("file node 16400 of database 16500, made by what is given up: 1",
                          "file node 16440 of database 5, made by what is given up: 1"));
}

TEST(LostWork, TakesAllCatalogsTogether) {
  WalSummary wal;
  wal.committed = 1;
  wal.changed = {{{kCatalog, {1663, 5, 1249}, {1663, 6, 1249}, kTable}, 1}};

  EXPECT_THAT(Tables(Work(wal)), ElementsAre("system catalogs: 1", "public.one: 1"));
  EXPECT_EQ(LostWorkInShort(Work(wal)), "1 transaction in 1 table");
}

TEST(LostWork, AsksForEachRelationOnce) {
  EXPECT_THAT(RelationsToName(Wal()), ElementsAre(kTable, kIndex, kOther));
}

TEST(LostWork, SaysAtMostWhereTheNumbersAreTooHigh) {
  WalSummary wal = Wal();
  EXPECT_THAT(LostWorkText(Work(wal)), Not(HasSubstr("at most")));

  wal.changed_is_exact = false;

  EXPECT_THAT(LostWorkText(Work(wal)), HasSubstr("How many of them changed a table, at most:\n"));
  EXPECT_EQ(json::parse(LostWorkJson(Work(wal)))["tables_are_exact"], false);
}

TEST(LostWork, IsAPageForPeople) {
  LostWork work = Work(Wal());
  work.unarchived = {"000000010000000000000002"};
  work.unarchived_because = "archive_command ended with exit code 1";

  EXPECT_EQ(
      LostWorkText(work),
      "What node \"a\" gave up to follow the new primary\n"
      "\n"
      "Timeline 1, from 0/3000000 to 0/3000400: 1.0 kB of WAL, kept in wal/\n"
      "3 transactions committed, from 2026-11-24 03:00:00.000001 UTC to"
      " 2026-11-24 03:00:09.000000 UTC\n"
      "\n"
      "How many of them changed a table:\n"
      "         2  public.one of database app\n"
      "         1  public.two of database app\n"
      "\n"
      "Prepared and neither committed nor rolled back:\n"
      "  744 'left open'  2026-11-24 03:00:10.000000 UTC  public.two of database app\n"
      "\n"
      "Committed, in this order:\n"
      "  740  2026-11-24 03:00:00.000001 UTC  public.one of database app\n"
      "  741  2026-11-24 03:00:00.000001 UTC  public.one of database app\n"
      "  743  2026-11-24 03:00:00.000001 UTC  public.two of database app\n"
      "\n"
      "Not given up: WAL from before the fork that could not be archived, kept in unarchived/\n"
      "(archive_command ended with exit code 1):\n"
      "  000000010000000000000002\n");
}

TEST(LostWork, SaysHowManyOfTheTransactionsAreListed) {
  WalSummary wal = Wal();
  wal.committed = 5;

  EXPECT_THAT(LostWorkText(Work(wal)),
              HasSubstr("The first 3 of those that committed, in this order:\n"));
}

TEST(LostWork, KeepsANameOnItsLine) {
  WalSummary wal = Wal();
  wal.prepared[0].gid = "a\n745 'b'";

  EXPECT_THAT(LostWorkText(Work(wal)), HasSubstr("744 'a?745 'b''"));
  EXPECT_EQ(json::parse(LostWorkJson(Work(wal)))["prepared"][0]["gid"], "a\n745 'b'");
}

TEST(LostWork, IsTheSameForPrograms) {
  const json file = json::parse(LostWorkJson(Work(Wal())));

  EXPECT_EQ(file["node"], "a");
  EXPECT_EQ(file["fork_lsn"], "0/3000000");
  EXPECT_EQ(file["end_lsn"], "0/3000400");
  EXPECT_EQ(file["bytes"], 0x400);
  EXPECT_EQ(file["transactions"], 3);
  EXPECT_EQ(file["committed"].size(), 3u);
  EXPECT_EQ(file["committed"][2]["xid"], 743);
  EXPECT_EQ(file["tables"][0],
            json({{"database", "app"}, {"table", "public.one"}, {"transactions", 2}}));
  EXPECT_EQ(file["unknown"], nullptr);
}

TEST(LostWork, IsUnknownRatherThanNothing) {
  LostWork work;
  work.node = "a";
  work.unknown = "could not read the WAL";

  EXPECT_EQ(LostWorkInShort(work), "an unknown number of transactions");
  EXPECT_EQ(LostWorkText(work),
            "What node \"a\" gave up to follow the new primary\n\n"
            "What it was is not known: could not read the WAL\n");
  const json file = json::parse(LostWorkJson(work));
  EXPECT_EQ(file["transactions"], nullptr);
  EXPECT_EQ(file["tables"], nullptr);
  EXPECT_EQ(file["unknown"], "could not read the WAL");
}

}  // namespace
}  // namespace baton::core
