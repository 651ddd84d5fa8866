// What pg_waldump prints, line by line, and what is kept of it: where the WAL ends, its
// checkpoints, and which transactions a part of it has.  Nothing is kept of a record itself, so
// that gigabytes of WAL need little memory.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/changed_blocks.hpp"
#include "core/lsn.hpp"
#include "core/relation_id.hpp"

namespace baton::core {

using TransactionId = std::uint32_t;  // zero means "none"

struct WalFormat {
  std::uint64_t page_bytes = 8192;
  std::uint64_t segment_bytes = std::uint64_t{16} << 20;
};

// Where the record after one of this length begins: behind the headers of pages, and on eight bytes
// (src/include/access/xlog_internal.h).
Lsn NextRecord(Lsn record, std::uint64_t record_bytes, const WalFormat& format);

struct WalCheckpoint {
  Lsn at;
  Lsn redo;
  bool is_shutdown = false;

  bool operator==(const WalCheckpoint&) const = default;
};

struct WalTransaction {
  TransactionId xid = 0;
  Lsn at;                 // of the record that committed or prepared it
  std::string time;       // as pg_waldump writes it, with the zone that it was run with
  std::string gid;        // of a prepared one
  RelationIds relations;  // that it, or a subtransaction which was not rolled back, changed
};

struct WalSummary {
  Lsn first;  // none if there was no record at all
  Lsn last;
  Lsn end;  // where the record after the last one would begin
  std::int64_t records = 0;
  std::vector<WalCheckpoint> checkpoints;
  // Of main forks, each once, changed by any record: what pg_rewind copies of relations.
  std::int64_t changed_blocks = 0;
  std::string stopped_by;  // pg_waldump's error, which is how WAL ends; empty if it had none

  // All below is about the wanted range: from its begin to the end of the WAL.
  std::int64_t committed = 0;
  std::int64_t aborts = 0;  // also those of subtransactions, which are told by nothing
  std::string first_commit_time;
  std::string last_commit_time;
  std::vector<WalTransaction> transactions;  // that committed; the first ones, if there are many
  std::vector<WalTransaction> prepared;      // that neither committed nor aborted
  // How many committed transactions changed just these relations.
  std::map<RelationIds, std::int64_t> changed;
  // False if there were too many sets to keep: the others are counted for each relation alone, so
  // that a sum over relations of one table is too high.
  bool changed_is_exact = true;
  // New databases of this range, and new files in others: on another timeline these numbers name
  // something else.
  std::set<RelationId> created;
  std::set<std::uint32_t> created_databases;
};

// What is kept, at most; all counts go on beyond.
struct WalSummaryLimits {
  std::size_t transactions = 10000;
  std::size_t sets_of_relations = 10000;
};

class WalDumpReader {
 public:
  explicit WalDumpReader(Lsn range_begin, const WalFormat& format = {},
                         const WalSummaryLimits& limits = {})
      : range_begin_(range_begin), format_(format), limits_(limits) {}

  // A line of pg_waldump of PostgreSQL 15 to 18, in the C locale, with neither --bkp-details nor
  // colours.  What is no record and no error is passed over.
  void Line(std::string_view line);

  // After the last line.
  WalSummary Summary() const;

 private:
  struct Record;
  void Error(std::string_view message);
  void Remember(const Record& record);
  void Blocks(const Record& record);
  void Checkpoint(const Record& record);
  void Storage(const Record& record);
  void Transaction(const Record& record);
  void Committed(const Record& record, TransactionId xid, std::string_view words);
  void Aborted(const Record& record, TransactionId xid, std::string_view words);
  void Prepared(const Record& record);
  RelationIds Take(TransactionId xid, std::string_view words);

  Lsn range_begin_;
  WalFormat format_;
  WalSummaryLimits limits_;
  WalSummary summary_;
  ChangedBlocks blocks_;
  std::unordered_map<TransactionId, RelationIds> open_;
  std::map<TransactionId, WalTransaction> prepared_;
};

}  // namespace baton::core
