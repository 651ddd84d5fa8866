#include "helper/report/promotion_report.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "helper/report/cluster_report.hpp"
#include "helper/report/table.hpp"

namespace baton::helper {

using core::Status;
using nlohmann::json;

std::string PromotionReport::Reasons() const {
  std::string reasons;
  for (const core::Problem& problem : against) {
    reasons += (reasons.empty() ? "" : "; ") + problem.message;
  }
  return reasons;
}

PromotionReport JudgePromotion(std::vector<HealthRow> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const HealthRow& one, const HealthRow& other) {
    return Severity(one.status) > Severity(other.status);
  });
  PromotionReport report;
  for (const HealthRow& row : rows) {
    if (row.status != Status::kCritical) continue;
    report.against.push_back({fmt::format("{}: {}", row.check_name, row.message), "", row.hint});
    if (row.check_name == "is_standby") report.force_is_no_help = true;
  }
  report.rows = std::move(rows);
  return report;
}

std::vector<std::string> PromotionLines(const PromotionReport& report, const Palette& palette) {
  std::vector<std::vector<std::string>> table;
  std::vector<std::string> hints;
  for (const HealthRow& row : report.rows) {
    if (row.status == Status::kOk) continue;
    table.push_back({row.check_name, std::string(core::StatusText(row.status)), row.message});
    if (row.hint.empty()) continue;
    hints.push_back(
        fmt::format("{} {}: {}", palette.Paint("hint:", Tone::kNote), row.check_name, row.hint));
  }
  if (table.empty()) {
    return {fmt::format("nothing speaks against it: {} checks are ok", report.rows.size())};
  }
  std::vector<std::string> lines = TableLines({"check", "status", "message"}, table);
  lines.insert(lines.end(), hints.begin(), hints.end());
  return lines;
}

json PromotionJson(const PromotionReport& report) {
  json checks = json::array();
  for (const HealthRow& row : report.rows) {
    checks.push_back({{"check_name", row.check_name},
                      {"status", core::StatusText(row.status)},
                      {"message", row.message},
                      {"hint", row.hint.empty() ? json() : json(row.hint)}});
  }
  return checks;
}

}  // namespace baton::helper
