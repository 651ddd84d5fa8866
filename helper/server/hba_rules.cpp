#include "helper/server/hba_rules.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace baton::helper {
namespace {

std::vector<std::string> Words(const std::string& json) {
  if (json.empty()) return {};
  return nlohmann::json::parse(json).get<std::vector<std::string>>();
}

// PostgreSQL 16 lets pg_hba.conf include others; before, there was one file and no number.
bool HasIncludes(const Connection& server) { return server.major() >= 16; }

}  // namespace

std::vector<core::HbaRule> ReadHbaRules(Connection& server) {
  const Result rows = server.Query(fmt::format(
      "SELECT {}, line_number, type, array_to_json(database), array_to_json(user_name), address, "
      "netmask, auth_method, array_to_json(options) FROM pg_hba_file_rules WHERE type IS NOT NULL "
      "ORDER BY {}",
      HasIncludes(server) ? "nullif(file_name, current_setting('hba_file'))" : "NULL",
      HasIncludes(server) ? "rule_number" : "line_number"));
  std::vector<core::HbaRule> rules;
  for (int row = 0; row < rows.rows(); ++row) {
    rules.push_back({rows.Text(row, 0), static_cast<int>(rows.Number(row, 1)), rows.Text(row, 2),
                     Words(rows.Text(row, 3)), Words(rows.Text(row, 4)), rows.Text(row, 5),
                     rows.Text(row, 6), rows.Text(row, 7), Words(rows.Text(row, 8))});
  }
  return rules;
}

std::string HbaFileError(Connection& server) {
  // A line that was understood may have an error as well: hostssl while TLS is off, which the
  // server puts up with (parse_hba_line in src/backend/libpq/hba.c).
  return server.Value(
      "SELECT format('line %s: %s', line_number, error) FROM pg_hba_file_rules WHERE error IS NOT "
      "NULL AND type IS NULL");
}

std::vector<std::string> GroupsOf(Connection& server, const std::string& role) {
  return Words(
      server.Value("SELECT coalesce(json_agg(g.rolname), '[]') FROM pg_roles m, pg_roles g WHERE "
                   "m.rolname = $1 AND pg_has_role(m.oid, g.oid, 'MEMBER')",
                   {role}));
}

}  // namespace baton::helper
