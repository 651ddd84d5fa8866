#include "helper/clone/findings_text.hpp"

#include <fmt/format.h>

#include "helper/report/table.hpp"

namespace baton::helper {

using core::CloneFinding;
using core::CloneStatus;

namespace {

nlohmann::json ChecksJson(const core::CloneFindings& findings) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
  };
  nlohmann::json checks = nlohmann::json::array();
  for (const CloneFinding& finding : findings) {
    checks.push_back({{"check_name", finding.check_name},
                      {"status", core::CloneStatusText(finding.status)},
                      {"message", finding.text.message},
                      {"detail", text_or_null(finding.text.detail)},
                      {"hint", text_or_null(finding.text.hint)}});
  }
  return checks;
}

}  // namespace

void ShowFindings(const core::CloneFindings& findings, bool all, Output& output) {
  output.result()["checks"] = ChecksJson(findings);
  if (output.is_json()) return;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> more;
  std::size_t ok = 0;
  for (const CloneFinding& finding : findings) {
    const bool is_ok = finding.status == CloneStatus::kOk;
    ok += is_ok ? 1 : 0;
    if (is_ok && !all) continue;
    rows.push_back({std::string(finding.check_name),
                    std::string(core::CloneStatusText(finding.status)), finding.text.message});
    // A refusal is told as an error as well, with all that belongs to it.
    if (finding.status == CloneStatus::kRefused) continue;
    if (!finding.text.detail.empty()) {
      more.push_back(fmt::format("detail: {}: {}", finding.check_name, finding.text.detail));
    }
    if (!finding.text.hint.empty()) {
      more.push_back(fmt::format("hint: {}: {}", finding.check_name, finding.text.hint));
    }
  }
  if (!rows.empty()) {
    for (const std::string& line : TableLines({"check", "status", "message"}, rows)) {
      output.Line(line);
    }
  }
  for (const std::string& line : more) output.Line(line);
  if (!all) output.Line(fmt::format("{} checks are ok", ok));
}

}  // namespace baton::helper
