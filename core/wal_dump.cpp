#include "core/wal_dump.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace baton::core {
namespace {

constexpr std::string_view kError = "pg_waldump: error: ";
constexpr std::uint64_t kPageHeader = 24;
constexpr std::uint64_t kFirstPageHeader = 40;  // of a segment
constexpr std::uint64_t kAlignment = 8;
constexpr std::uint32_t kDefaultTablespace = 1663;
constexpr std::uint32_t kGlobalTablespace = 1664;

// Reads a text from its left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // Whether this comes next, after blanks; passes it if so.
  bool Pass(std::string_view literal) {
    const std::string_view ahead = WithoutBlanks();
    if (!ahead.starts_with(literal)) return false;
    rest_ = ahead.substr(literal.size());
    return true;
  }
  // What comes before this, which is passed too; all that is left if it does not come.
  std::string_view Until(std::string_view literal) {
    const std::string_view found = rest_.substr(0, rest_.find(literal));
    rest_.remove_prefix(std::min(found.size() + literal.size(), rest_.size()));
    return found;
  }
  template <class Number>
  bool Read(Number& number) {
    const std::string_view ahead = WithoutBlanks();
    const auto [end, error] = std::from_chars(ahead.data(), ahead.data() + ahead.size(), number);
    if (error != std::errc()) return false;
    rest_ = ahead.substr(static_cast<std::size_t>(end - ahead.data()));
    return true;
  }
  bool Read(Lsn& lsn) {
    const std::string_view ahead = WithoutBlanks();
    const std::string_view word = ahead.substr(0, ahead.find_first_not_of("0123456789ABCDEF/"));
    const std::optional<Lsn> parsed = Lsn::Parse(word);
    if (!parsed) return false;
    lsn = *parsed;
    rest_ = ahead.substr(word.size());
    return true;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view WithoutBlanks() const {
    return rest_.substr(std::min(rest_.find_first_not_of(' '), rest_.size()));
  }
  std::string_view rest_;
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

void Insert(RelationIds& relations, RelationId relation) {
  const auto place = std::lower_bound(relations.begin(), relations.end(), relation);
  if (place == relations.end() || *place != relation) relations.insert(place, relation);
}

// "base/5/16384", "global/1262" or "pg_tblspc/16400/PG_15_202209061/5/16384" (relpath.c).
std::optional<RelationId> ParsePath(std::string_view path) {
  Scanner scanner(path);
  RelationId relation;
  if (scanner.Pass("base/")) {
    relation.tablespace = kDefaultTablespace;
  } else if (scanner.Pass("global/")) {
    relation.tablespace = kGlobalTablespace;
    return scanner.Read(relation.node) ? std::optional(relation) : std::nullopt;
  } else if (scanner.Pass("pg_tblspc/") && scanner.Read(relation.tablespace) && scanner.Pass("/")) {
    scanner.Until("/");
  } else {
    return std::nullopt;
  }
  const bool read =
      scanner.Read(relation.database) && scanner.Pass("/") && scanner.Read(relation.node);
  // The forks other than the main one have a name behind the number.
  return read && !scanner.rest().starts_with('_') ? std::optional(relation) : std::nullopt;
}

// The words after "; TITLE:", up to the next semicolon.
std::string_view Section(std::string_view words, std::string_view title) {
  const std::size_t begin = words.find(title);
  if (begin == std::string_view::npos) return {};
  return Scanner(words.substr(begin + title.size())).Until(";");
}

// Records that change nothing a client wrote: locks, hints, and what vacuum does, in a transaction
// that may only have read the table.
bool IsUpkeep(std::string_view rmgr, std::string_view words) {
  if (rmgr == "XLOG") return words.starts_with("FPI_FOR_HINT");
  if (rmgr == "Heap") return words.starts_with("LOCK ");
  if (rmgr == "Heap2") return !words.starts_with("MULTI_INSERT");
  if (rmgr == "Btree") {
    return words.starts_with("VACUUM") || words.starts_with("MARK_PAGE_HALFDEAD") ||
           words.starts_with("UNLINK_PAGE");
  }
  return false;
}

bool IsDate(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00";
  if (text.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !is_digit : text[i] != kForm[i]) return false;
  }
  return true;
}

}  // namespace

struct WalDumpReader::Record {
  std::string_view rmgr;
  std::uint64_t bytes = 0;
  TransactionId xid = 0;
  Lsn at;
  Lsn previous;
  std::string_view words;  // the description, and the blocks that it refers to
};

Lsn NextRecord(Lsn record, std::uint64_t record_bytes, const WalFormat& format) {
  std::uint64_t at = record.bytes();
  for (std::uint64_t left = record_bytes;;) {
    const std::uint64_t on_page = format.page_bytes - at % format.page_bytes;
    if (left < on_page) {
      at = (at + left + kAlignment - 1) / kAlignment * kAlignment;
      if (at % format.page_bytes != 0) return Lsn(at);
      left = 0;
    } else {
      at += on_page;
      left -= on_page;
    }
    at += at % format.segment_bytes == 0 ? kFirstPageHeader : kPageHeader;
    if (left == 0) return Lsn(at);
  }
}

void WalDumpReader::Line(std::string_view line) {
  if (line.starts_with(kError)) {
    Error(line.substr(kError.size()));
    return;
  }
  Record record;
  Scanner scanner(line);
  std::uint64_t without_images = 0;
  if (!scanner.Pass("rmgr: ")) return;
  record.rmgr = Trimmed(scanner.Until("len (rec/tot):"));
  const bool whole = scanner.Read(without_images) && scanner.Pass("/") &&
                     scanner.Read(record.bytes) && scanner.Pass(", tx:") &&
                     scanner.Read(record.xid) && scanner.Pass(", lsn:") &&
                     scanner.Read(record.at) && scanner.Pass(", prev") &&
                     scanner.Read(record.previous) && scanner.Pass(", desc: ");
  // Texts of users are printed as they are, with line ends in them: what does not come after the
  // record before is no record.
  if (!whole || record.previous >= record.at || record.at <= summary_.last ||
      record.previous < summary_.last) {
    return;
  }
  record.words = Trimmed(scanner.rest());
  Remember(record);
  if (record.rmgr == "Transaction") {
    Transaction(record);
  } else if (record.rmgr == "XLOG") {
    Checkpoint(record);
  } else if (record.rmgr == "Storage" || record.rmgr == "Database") {
    Storage(record);
  }
}

void WalDumpReader::Error(std::string_view message) {
  summary_.stopped_by = message;
  // The place of the record that was expected, which is behind the last valid one.
  constexpr std::array<std::string_view, 4> kNamingTheNext = {
      ": invalid record length at ", ": invalid resource manager ID ",
      ": record with incorrect prev-link ",
      ": incorrect resource manager data checksum in record at "};
  for (const std::string_view words : kNamingTheNext) {
    const std::size_t begin = message.find(words);
    if (begin == std::string_view::npos) continue;
    const std::size_t place = message.find(" at ", begin);
    Lsn next;
    if (place == std::string_view::npos || !Scanner(message.substr(place + 4)).Read(next)) continue;
    if (next > summary_.last) summary_.end = next;
  }
}

void WalDumpReader::Remember(const Record& record) {
  if (summary_.records++ == 0) summary_.first = record.at;
  summary_.last = record.at;
  summary_.end = NextRecord(record.at, record.bytes, format_);
  if (record.rmgr == "XLOG" && record.words.starts_with("SWITCH")) {
    const std::uint64_t segment = (record.at.bytes() / format_.segment_bytes + 1);
    summary_.end = Lsn(segment * format_.segment_bytes + kFirstPageHeader);
  }
  // Their words are texts of users.
  if (record.rmgr != "Transaction" && record.rmgr != "LogicalMessage") Blocks(record);
}

void WalDumpReader::Blocks(const Record& record) {
  const bool is_change = record.xid != 0 && !IsUpkeep(record.rmgr, record.words);
  Scanner scanner(record.words);
  for (scanner.Until(", blkref #"); !scanner.rest().empty(); scanner.Until(", blkref #")) {
    RelationId relation;
    scanner.Until(": rel ");
    const bool read = scanner.Read(relation.tablespace) && scanner.Pass("/") &&
                      scanner.Read(relation.database) && scanner.Pass("/") &&
                      scanner.Read(relation.node);
    std::uint32_t block = 0;
    if (!read || !scanner.Pass("blk ") || !scanner.Read(block)) continue;
    blocks_.Add(relation, block);
    if (is_change) Insert(open_[record.xid], relation);
  }
}

void WalDumpReader::Checkpoint(const Record& record) {
  const bool is_shutdown = record.words.starts_with("CHECKPOINT_SHUTDOWN ");
  if (!is_shutdown && !record.words.starts_with("CHECKPOINT_ONLINE ")) return;
  Scanner scanner(record.words);
  scanner.Until(" ");
  Lsn redo;
  if (scanner.Pass("redo ") && scanner.Read(redo)) {
    summary_.checkpoints.push_back({record.at, redo, is_shutdown});
  }
}

void WalDumpReader::Storage(const Record& record) {
  if (record.at < range_begin_) return;
  Scanner scanner(record.words);
  if (record.rmgr == "Storage") {
    const auto relation = scanner.Pass("CREATE ") ? ParsePath(scanner.rest()) : std::nullopt;
    const bool is_known = relation && summary_.created_databases.contains(relation->database);
    if (relation && !is_known) summary_.created.insert(*relation);
    return;
  }
  // "CREATE_FILE_COPY copy dir 1663/1 to 1663/16400", "CREATE_WAL_LOG create dir 1663/16400"
  if (!scanner.Pass("CREATE")) return;
  const std::size_t slash = scanner.rest().rfind('/');
  std::uint32_t database = 0;
  if (slash == std::string_view::npos) return;
  if (Scanner(scanner.rest().substr(slash + 1)).Read(database)) {
    summary_.created_databases.insert(database);
  }
}

void WalDumpReader::Transaction(const Record& record) {
  Scanner scanner(record.words);
  const std::string_view what = scanner.Until(" ");
  TransactionId xid = record.xid;
  // The record of a second phase is not its transaction's own.
  if (what.ends_with("_PREPARED") && !(scanner.Read(xid) && scanner.Pass(": "))) return;
  if (what.starts_with("COMMIT")) {
    Committed(record, xid, scanner.rest());
  } else if (what.starts_with("ABORT")) {
    Aborted(record, xid, scanner.rest());
  } else if (what == "PREPARE") {
    Prepared(record);
  }
}

RelationIds WalDumpReader::Take(TransactionId xid, std::string_view words) {
  RelationIds relations;
  const auto take = [&](TransactionId one) {
    const auto known = open_.find(one);
    if (known == open_.end()) return;
    for (const RelationId& relation : known->second) Insert(relations, relation);
    open_.erase(known);
  };
  take(xid);
  Scanner subxacts(Section(words, "subxacts:"));
  for (TransactionId sub = 0; subxacts.Read(sub);) take(sub);
  return relations;
}

void WalDumpReader::Committed(const Record& record, TransactionId xid, std::string_view words) {
  WalTransaction transaction;
  transaction.xid = xid;
  transaction.at = record.at;
  transaction.time = Trimmed(Scanner(words).Until(";"));
  transaction.relations = Take(xid, words);
  const auto prepared = prepared_.find(xid);
  if (prepared != prepared_.end()) {
    transaction.gid = prepared->second.gid;
    for (const RelationId& one : prepared->second.relations) Insert(transaction.relations, one);
    prepared_.erase(prepared);
  }
  if (record.at < range_begin_) return;
  // Files that the commit removes: of tables that were dropped, truncated or rewritten.
  Scanner removed(Section(words, "; rels:"));
  while (!removed.rest().empty()) {
    if (const auto relation = ParsePath(removed.Until(" "))) {
      Insert(transaction.relations, *relation);
    }
  }
  if (summary_.committed++ == 0) summary_.first_commit_time = transaction.time;
  summary_.last_commit_time = transaction.time;
  const auto set = summary_.changed.find(transaction.relations);
  if (set != summary_.changed.end()) {
    ++set->second;
  } else if (summary_.changed.size() < limits_.sets_of_relations) {
    summary_.changed.emplace(transaction.relations, 1);
  } else {
    summary_.changed_is_exact = false;
    for (const RelationId& relation : transaction.relations) ++summary_.changed[{relation}];
  }
  if (summary_.transactions.size() < limits_.transactions) {
    summary_.transactions.push_back(std::move(transaction));
  }
}

void WalDumpReader::Aborted(const Record& record, TransactionId xid, std::string_view words) {
  Take(xid, words);
  prepared_.erase(xid);
  if (record.at >= range_begin_) ++summary_.aborts;
}

// "PREPARE gid NAME: TIME; rels(commit): ...; subxacts: ...", where the name may be any text.
void WalDumpReader::Prepared(const Record& record) {
  Scanner scanner(record.words);
  scanner.Pass("PREPARE");
  scanner.Pass("gid ");
  std::string_view words = scanner.rest();
  const std::string_view name = words;
  std::size_t end = words.find(": ");
  while (end != std::string_view::npos && !IsDate(words.substr(end + 2))) {
    end = words.find(": ", end + 1);
  }
  words = end == std::string_view::npos ? std::string_view() : words.substr(end + 2);
  WalTransaction transaction;
  transaction.xid = record.xid;
  transaction.at = record.at;
  transaction.gid = name.substr(0, end);
  transaction.time = Trimmed(Scanner(words).Until(";"));
  transaction.relations = Take(record.xid, words);
  prepared_[record.xid] = std::move(transaction);
}

WalSummary WalDumpReader::Summary() const {
  WalSummary summary = summary_;
  summary.changed_blocks = blocks_.count();
  for (const auto& [xid, transaction] : prepared_) {
    if (transaction.at >= range_begin_) summary.prepared.push_back(transaction);
  }
  return summary;
}

}  // namespace baton::core
