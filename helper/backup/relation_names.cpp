#include "helper/backup/relation_names.hpp"

#include <charconv>

#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using Clock = std::chrono::steady_clock;
using Names = std::map<core::RelationId, core::TableName>;

// A catalog keeps its number for ever, but not its file; tests and upgrades make others in
// pg_catalog, which are somebody's data.
constexpr const char* kQuestion =
    "SELECT w.space, w.node, format('%I.%I', n.nspname, t.relname),"
    " n.nspname = 'pg_catalog' AND t.oid < 16384"
    " FROM unnest($1::oid[], $2::oid[]) AS w(space, node),"
    " pg_database AS d, pg_class AS c LEFT JOIN pg_index AS i ON i.indexrelid = c.oid"
    " LEFT JOIN pg_class AS o ON o.reltoastrelid = COALESCE(i.indrelid, c.oid),"
    " pg_class AS t, pg_namespace AS n"
    " WHERE d.datname = current_database()"
    " AND c.oid = pg_filenode_relation(CASE w.space WHEN d.dattablespace THEN 0::oid ELSE w.space "
    "END,"
    " w.node)"
    " AND t.oid = COALESCE(o.oid, i.indrelid, c.oid) AND n.oid = t.relnamespace";

std::uint32_t NumberOf(const std::string& text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void Ask(const Parameters& parameters, std::uint32_t database, const core::RelationIds& wanted,
         const NamingLimits& limits, Names& names) {
  Connection connection(parameters);
  connection.UseNoSearchPath();
  connection.LimitAnswers(limits.answer);
  std::string spaces = "{";
  std::string nodes = "{";
  for (const core::RelationId& relation : wanted) {
    const char* const separator = spaces.size() > 1 ? "," : "";
    spaces += separator + std::to_string(relation.tablespace);
    nodes += separator + std::to_string(relation.node);
  }
  const Result result = connection.Query(kQuestion, {spaces + "}", nodes + "}"});
  for (int row = 0; row < result.rows(); ++row) {
    const core::RelationId relation{NumberOf(result.Text(row, 0)), database,
                                    NumberOf(result.Text(row, 1))};
    names[relation] = result.Bool(row, 3)
                          ? core::TableName{"", std::string(core::kSystemCatalogs)}
                          : core::TableName{connection.database(), result.Text(row, 2)};
  }
}

}  // namespace

Names FindTableNames(Connection& server, const Parameters& parameters,
                     const core::RelationIds& wanted, const NamingLimits& limits) {
  Names names;
  std::map<std::uint32_t, core::RelationIds> by_database;
  for (const core::RelationId& relation : wanted) {
    by_database[relation.database].push_back(relation);
  }
  if (by_database.empty()) return names;
  const Clock::time_point until = Clock::now() + limits.all;
  // A failure costs names, which say less than the numbers that are known anyway.
  const auto trying = [](const auto& act) {
    try {
      act();
    } catch (const core::Error&) {
      CheckInterrupt();
    }
  };
  std::map<std::uint32_t, std::string> databases;
  trying([&] {
    const Result result = server.Query("SELECT oid, datname FROM pg_database WHERE datallowconn");
    for (int row = 0; row < result.rows(); ++row) {
      databases[NumberOf(result.Text(row, 0))] = result.Text(row, 1);
    }
  });
  databases[0] = server.database();  // relations that all databases share
  for (const auto& [database, relations] : by_database) {
    const auto found = databases.find(database);
    if (found == databases.end()) continue;
    if (Clock::now() >= until) break;
    Parameters there = parameters;
    there["dbname"] = found->second;
    there["connect_timeout"] = std::to_string(limits.answer.count());
    trying(
        [&, &wanted_there = relations] { Ask(there, found->first, wanted_there, limits, names); });
  }
  return names;
}

}  // namespace baton::helper
