#include "helper/report/plugin_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/checks.hpp"
#include "core/error.hpp"
#include "helper/report/cluster_report.hpp"

namespace baton::helper {
namespace {

using core::Status;
using nlohmann::json;

std::string Capitals(Status status) {
  std::string text(core::StatusText(status));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text;
}

// No exponent, for some readers know none, and no more than microseconds and bytes need.
std::string Number(double number) {
  std::string text = fmt::format("{:.6f}", number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string UnitOfMeasurement(const std::string& unit) {
  if (unit == "s" || unit == "%") return unit;
  return unit == "bytes" ? "B" : "";
}

bool IsWorseWhenLower(const std::string& name) {
  const auto check = core::CheckNamed(name);
  return check && core::InfoOf(*check).worse == core::Worse::kLower;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string Summary(const PluginReport& report) {
  if (report.rows.empty()) {
    if (report.not_applicable.empty()) return "the node has no checks";
    return fmt::format("{}: not applicable to this node's role",
                       fmt::join(report.not_applicable, ", "));
  }
  if (report.status == Status::kOk) {
    if (report.rows.size() == 1) {
      const HealthRow& row = report.rows.front();
      return fmt::format("{}: {}", row.check_name, row.value.empty() ? "ok" : row.value);
    }
    return fmt::format("{} checks are ok", report.rows.size());
  }
  const auto bad = std::count_if(report.rows.begin(), report.rows.end(),
                                 [](const HealthRow& row) { return row.status != Status::kOk; });
  const HealthRow& worst = report.rows.front();
  return fmt::format("{}: {}{}", worst.check_name, worst.message,
                     bad == 1   ? ""
                     : bad == 2 ? " (and 1 more check is not ok)"
                                : fmt::format(" (and {} more checks are not ok)", bad - 1));
}

std::string LongLine(const HealthRow& row) {
  std::string line = fmt::format("{} {}", Capitals(row.status), row.check_name);
  std::string facts = row.value;
  if (!row.threshold.empty()) facts += (facts.empty() ? "" : ", ") + row.threshold;
  if (row.status == Status::kOk) return facts.empty() ? line : line + ": " + row.value;
  line += ": " + row.message;
  if (!facts.empty()) line += " (" + facts + ")";
  return row.hint.empty() ? line : line + " Hint: " + row.hint;
}

}  // namespace

int PluginExitCode(Status status) {
  switch (status) {
    case Status::kOk:
      return 0;
    case Status::kWarning:
      return 1;
    case Status::kCritical:
      return 2;
    case Status::kUnknown:
      break;
  }
  return 3;
}

std::string PluginText(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (c == '|') c = '/';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return clean;
}

std::string PluginLine(Status status, std::string_view message) {
  return fmt::format("PG_BATON {} - {}", Capitals(status), PluginText(message));
}

bool CheckSelection::Has(const std::string& name) const {
  return (only.empty() || Contains(only, name)) && !Contains(exclude, name);
}

void RequireKnownChecks(const CheckSelection& selection) {
  std::vector<std::string_view> known;
  for (const core::CheckInfo& info : core::Checks()) known.push_back(info.name);
  const std::string hint = fmt::format("The checks are: {}.", fmt::join(known, ", "));
  for (const auto* names : {&selection.only, &selection.exclude}) {
    for (const std::string& name : *names) {
      if (core::CheckNamed(name)) continue;
      throw core::Error(core::ErrorCode::kUsage, fmt::format("unknown check \"{}\"", name), "",
                        hint);
    }
  }
  if (std::none_of(known.begin(), known.end(),
                   [&](std::string_view name) { return selection.Has(std::string(name)); })) {
    throw core::Error(core::ErrorCode::kUsage, "no check is left to look at", "", hint);
  }
}

PluginReport JudgeChecks(const std::vector<HealthRow>& rows, const CheckSelection& selection) {
  PluginReport report;
  for (const HealthRow& row : rows) {
    if (selection.Has(row.check_name)) report.rows.push_back(row);
  }
  std::stable_sort(report.rows.begin(), report.rows.end(),
                   [](const HealthRow& one, const HealthRow& other) {
                     return Severity(one.status) > Severity(other.status);
                   });
  for (const std::string& name : selection.only) {
    if (std::none_of(rows.begin(), rows.end(),
                     [&](const HealthRow& row) { return row.check_name == name; })) {
      report.not_applicable.push_back(name);
    }
  }
  if (!report.rows.empty()) {
    report.status = report.rows.front().status;
  } else if (!rows.empty()) {
    report.status = Status::kOk;
  }
  if (rows.empty()) report.not_applicable.clear();
  report.summary = Summary(report);
  return report;
}

std::string PerformanceData(const HealthRow& row) {
  if (!row.value_number) return "";
  const bool lower = IsWorseWhenLower(row.check_name);
  const auto limit = [lower](const std::optional<double>& at) {
    return at && *at >= 0 ? Number(*at) + (lower ? ":" : "") : std::string();
  };
  std::string data =
      fmt::format("'{}'={}{};{};{}", row.check_name, Number(*row.value_number),
                  UnitOfMeasurement(row.unit), limit(row.warning_at), limit(row.critical_at));
  data.erase(data.find_last_not_of(';') + 1);
  return data;
}

std::vector<std::string> PluginLines(const PluginReport& report) {
  std::vector<std::string> lines = {PluginLine(report.status, report.summary)};
  std::vector<std::string> data;
  for (const HealthRow& row : report.rows) {
    std::string one = PerformanceData(row);
    if (!one.empty()) data.push_back(std::move(one));
  }
  if (!data.empty()) lines[0] += fmt::format(" | {}", fmt::join(data, " "));
  for (const HealthRow& row : report.rows) lines.push_back(PluginText(LongLine(row)));
  return lines;
}

json PluginJson(const PluginReport& report) {
  const auto number = [](const std::optional<double>& value) {
    return value ? json(*value) : json();
  };
  const auto text = [](const std::string& value) { return value.empty() ? json() : json(value); };
  json result = {{"status", core::StatusText(report.status)},
                 {"exit_code", PluginExitCode(report.status)},
                 {"summary", report.summary},
                 {"not_applicable", report.not_applicable},
                 {"checks", json::array()}};
  for (const HealthRow& row : report.rows) {
    result["checks"].push_back({{"check_name", row.check_name},
                                {"status", core::StatusText(row.status)},
                                {"value", text(row.value)},
                                {"threshold", text(row.threshold)},
                                {"message", row.message},
                                {"hint", text(row.hint)},
                                {"value_number", number(row.value_number)},
                                {"unit", text(row.unit)},
                                {"warning_at", number(row.warning_at)},
                                {"critical_at", number(row.critical_at)}});
  }
  return result;
}

}  // namespace baton::helper
