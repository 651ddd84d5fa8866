// What a former primary gives up when it comes back: its transactions beyond the fork, by table, as
// its WAL tells them.  Rows themselves are in the WAL that is kept, not here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"
#include "core/wal_dump.hpp"

namespace baton::core {

struct TableName {
  std::string database;  // empty: of none, or not known
  std::string table;     // with its schema, quoted where SQL needs it; or words, if not known

  auto operator<=>(const TableName&) const = default;
};

// All catalogs of all databases are one for this purpose.
inline constexpr std::string_view kSystemCatalogs = "system catalogs";
// Relations of initdb have numbers below (FirstNormalObjectId in src/include/access/transam.h).
inline constexpr std::uint32_t kFirstNormalNumber = 16384;

// The table that a file belongs to, also if it is one of an index; nullopt: not known.
using TableNames = std::function<std::optional<TableName>(const RelationId&)>;

struct LostTransaction {
  TransactionId xid = 0;
  std::string time;  // of its commit, or of PREPARE TRANSACTION; in UTC
  std::string gid;   // of a prepared one
  std::vector<TableName> tables;
};

struct LostTable {
  TableName name;
  std::int64_t transactions = 0;
};

struct LostWork {
  std::string node;
  TimelineId timeline = 0;
  Lsn fork;             // none: not known
  Lsn end;              // none: not known
  std::string unknown;  // why nothing of the following is known; empty if it is

  std::int64_t bytes = 0;
  std::int64_t transactions = 0;  // that committed
  std::string first_commit_time;  // empty if none did
  std::string last_commit_time;
  std::vector<LostTransaction> committed;  // the first ones, if there are very many
  std::vector<LostTransaction> prepared;   // neither committed nor rolled back
  std::vector<LostTable> tables;           // those with the most transactions first
  bool tables_are_exact = true;            // false: their numbers are upper bounds

  // Segments before the fork that could not be archived, and why.
  std::vector<std::string> unarchived;
  std::string unarchived_because;
};

// Nothing that was made beyond the fork is asked for: its number may be another relation's on the
// new primary.
LostWork MakeLostWork(const WalSummary& wal, std::string node, TimelineId timeline, Lsn fork,
                      Lsn end, const TableNames& names);

// Whom MakeLostWork will ask about.
RelationIds RelationsToName(const WalSummary& wal);

// "public.t of database app", on one line.
std::string TableText(const TableName& name);
// "7 transactions in 2 tables": catalogs are no table.
std::string LostWorkInShort(const LostWork& work);
std::string LostWorkText(const LostWork& work);
std::string LostWorkJson(const LostWork& work);

}  // namespace baton::core
