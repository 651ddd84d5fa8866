#include "helper/report/verify_report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace baton::helper {

using nlohmann::json;

std::vector<std::string> VerifyLines(const std::vector<SightingRow>& rows) {
  std::vector<std::string> lines;
  for (const SightingRow& row : rows) {
    lines.push_back(
        row.elapsed_ms
            ? fmt::format("node \"{}\": readable after {:.1f} ms", row.name, *row.elapsed_ms)
            : fmt::format("node \"{}\": not verified: {}", row.name, row.reason));
  }
  return lines;
}

json VerifyJson(const std::vector<SightingRow>& rows) {
  json standbys = json::array();
  for (const SightingRow& row : rows) {
    standbys.push_back({{"name", row.name},
                        {"verified", row.elapsed_ms.has_value()},
                        {"written_lsn", row.written_lsn.empty() ? json() : json(row.written_lsn)},
                        {"elapsed_ms", row.elapsed_ms ? json(*row.elapsed_ms) : json()},
                        {"reason", row.reason.empty() ? json() : json(row.reason)}});
  }
  return standbys;
}

std::string NotVerified(const std::vector<SightingRow>& rows) {
  if (rows.empty()) return "no standby is registered";
  const auto missing = std::count_if(rows.begin(), rows.end(),
                                     [](const SightingRow& row) { return !row.elapsed_ms; });
  if (missing == 0) return "";
  return fmt::format("a row written on the primary was not seen on {} of {} standbys", missing,
                     rows.size());
}

}  // namespace baton::helper
