#include "core/lost_work.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

using nlohmann::json;

bool IsNew(const WalSummary& wal, const RelationId& relation) {
  return wal.created.contains(relation) || wal.created_databases.contains(relation.database);
}

class Namer {
 public:
  Namer(const WalSummary& wal, const TableNames& names) : wal_(wal), names_(names) {}

  std::vector<TableName> TablesOf(const RelationIds& relations) const {
    std::set<TableName> tables;
    for (const RelationId& relation : relations) tables.insert(NameOf(relation));
    return {tables.begin(), tables.end()};
  }

 private:
  TableName NameOf(const RelationId& relation) const {
    const bool is_new = IsNew(wal_, relation);
    if (!is_new) {
      if (const auto name = names_(relation)) return *name;
    }
    if (relation.node < kFirstNormalNumber) return {"", std::string(kSystemCatalogs)};
    return {"", fmt::format("file node {} of database {}, {}", relation.node, relation.database,
                            is_new ? "made by what is given up" : "not known to the new primary")};
  }

  const WalSummary& wal_;
  const TableNames& names_;
};

std::vector<LostTransaction> Named(const std::vector<WalTransaction>& transactions,
                                   const Namer& namer) {
  std::vector<LostTransaction> named;
  for (const WalTransaction& one : transactions) {
    named.push_back({one.xid, one.time, one.gid, namer.TablesOf(one.relations)});
  }
  return named;
}

// Users choose names with line ends in them as well.
std::string OnOneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
  return text;
}

std::string Counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Listed(const LostTransaction& one) {
  std::string tables;
  for (const TableName& name : one.tables) tables += (tables.empty() ? "" : ", ") + TableText(name);
  const std::string gid = one.gid.empty() ? "" : fmt::format(" '{}'", OnOneLine(one.gid));
  return fmt::format("  {}{}  {}  {}\n", one.xid, gid, one.time,
                     tables.empty() ? "changed no table" : tables);
}

std::string KnownText(const LostWork& work) {
  std::string text =
      fmt::format("Timeline {}, from {} to {}: {} of WAL, kept in wal/\n{} committed",
                  work.timeline, work.fork.ToString(), work.end.ToString(), BytesText(work.bytes),
                  Counted(work.transactions, "transaction"));
  if (work.transactions > 0) {
    text += fmt::format(", from {} to {}", work.first_commit_time, work.last_commit_time);
  }
  text += '\n';
  if (!work.tables.empty()) {
    text += fmt::format("\nHow many of them changed a table{}:\n",
                        work.tables_are_exact ? "" : ", at most");
  }
  for (const LostTable& table : work.tables) {
    text += fmt::format("  {:>8}  {}\n", table.transactions, TableText(table.name));
  }
  if (!work.prepared.empty()) {
    text += "\nPrepared and neither committed nor rolled back:\n";
    for (const LostTransaction& one : work.prepared) text += Listed(one);
  }
  if (work.committed.empty()) return text;
  const bool all = static_cast<std::int64_t>(work.committed.size()) == work.transactions;
  text += all ? std::string("\nCommitted, in this order:\n")
              : fmt::format("\nThe first {} of those that committed, in this order:\n",
                            work.committed.size());
  for (const LostTransaction& one : work.committed) text += Listed(one);
  return text;
}

json JsonOf(const TableName& name) {
  return {{"database", name.database.empty() ? json() : json(name.database)},
          {"table", name.table}};
}

json JsonOf(const std::vector<LostTransaction>& transactions) {
  json list = json::array();
  for (const LostTransaction& one : transactions) {
    json entry = {{"xid", one.xid}, {"time", one.time}, {"tables", json::array()}};
    if (!one.gid.empty()) entry["gid"] = one.gid;
    for (const TableName& name : one.tables) entry["tables"].push_back(JsonOf(name));
    list.push_back(entry);
  }
  return list;
}

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }
json OrNull(Lsn lsn) { return lsn.IsNone() ? json() : json(lsn.ToString()); }

}  // namespace

std::string TableText(const TableName& name) {
  return OnOneLine(name.database.empty()
                       ? name.table
                       : fmt::format("{} of database {}", name.table, name.database));
}

RelationIds RelationsToName(const WalSummary& wal) {
  std::set<RelationId> wanted;
  const auto want = [&](const RelationIds& relations) {
    for (const RelationId& relation : relations) {
      if (!IsNew(wal, relation)) wanted.insert(relation);
    }
  };
  for (const auto& [relations, count] : wal.changed) want(relations);
  for (const WalTransaction& one : wal.prepared) want(one.relations);
  // Those of `changed` are not all, where there were too many sets to keep.
  for (const WalTransaction& one : wal.transactions) want(one.relations);
  return {wanted.begin(), wanted.end()};
}

LostWork MakeLostWork(const WalSummary& wal, std::string node, TimelineId timeline, Lsn fork,
                      Lsn end, const TableNames& names) {
  const Namer namer(wal, names);
  LostWork work;
  work.node = std::move(node);
  work.timeline = timeline;
  work.fork = fork;
  work.end = end;
  work.bytes = std::max<std::int64_t>(0, end.BytesSince(fork));
  work.transactions = wal.committed;
  work.first_commit_time = wal.first_commit_time;
  work.last_commit_time = wal.last_commit_time;
  work.committed = Named(wal.transactions, namer);
  work.prepared = Named(wal.prepared, namer);
  work.tables_are_exact = wal.changed_is_exact;
  std::map<TableName, std::int64_t> counts;
  for (const auto& [relations, count] : wal.changed) {
    for (const TableName& name : namer.TablesOf(relations)) counts[name] += count;
  }
  for (const auto& [name, count] : counts) work.tables.push_back({name, count});
  std::stable_sort(
      work.tables.begin(), work.tables.end(),
      [](const LostTable& a, const LostTable& b) { return a.transactions > b.transactions; });
  return work;
}

std::string LostWorkInShort(const LostWork& work) {
  if (!work.unknown.empty()) return "an unknown number of transactions";
  const auto tables =
      std::count_if(work.tables.begin(), work.tables.end(), [](const LostTable& table) {
        return table.name.table != kSystemCatalogs || !table.name.database.empty();
      });
  return fmt::format("{} in {}", Counted(work.transactions, "transaction"),
                     Counted(tables, "table"));
}

std::string LostWorkText(const LostWork& work) {
  std::string text =
      fmt::format("What node \"{}\" gave up to follow the new primary\n\n", work.node);
  text += work.unknown.empty() ? KnownText(work)
                               : fmt::format("What it was is not known: {}\n", work.unknown);
  if (work.unarchived.empty()) return text;
  text += fmt::format(
      "\nNot given up: WAL from before the fork that could not be archived, kept in unarchived/\n"
      "({}):\n",
      OnOneLine(work.unarchived_because));
  for (const std::string& name : work.unarchived) text += fmt::format("  {}\n", name);
  return text;
}

std::string LostWorkJson(const LostWork& work) {
  json file = {{"node", work.node},
               {"timeline", work.timeline},
               {"fork_lsn", OrNull(work.fork)},
               {"end_lsn", OrNull(work.end)},
               {"unknown", OrNull(work.unknown)},
               {"unarchived", work.unarchived},
               {"unarchived_because", OrNull(work.unarchived_because)}};
  const bool known = work.unknown.empty();
  file["bytes"] = known ? json(work.bytes) : json();
  file["transactions"] = known ? json(work.transactions) : json();
  file["first_commit_time"] = OrNull(work.first_commit_time);
  file["last_commit_time"] = OrNull(work.last_commit_time);
  file["committed"] = known ? JsonOf(work.committed) : json();
  file["prepared"] = known ? JsonOf(work.prepared) : json();
  file["tables"] = known ? json::array() : json();
  file["tables_are_exact"] = known ? json(work.tables_are_exact) : json();
  for (const LostTable& table : work.tables) {
    json entry = JsonOf(table.name);
    entry["transactions"] = table.transactions;
    file["tables"].push_back(entry);
  }
  return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace baton::core
