// What one row of findings says to people, so that a test compares it whole.  A check that gives no
// row is std::nullopt.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/finding.hpp"

namespace baton::core {

struct Verdict {
  Status status = Status::kUnknown;
  std::string value;
  std::string message;
  std::string hint;

  bool operator==(const Verdict&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Verdict& verdict) {
  return out << StatusText(verdict.status) << " | " << verdict.value << " | " << verdict.message
             << " | " << verdict.hint;
}

inline Verdict Ok(std::string value, std::string message, std::string hint = "") {
  return {Status::kOk, std::move(value), std::move(message), std::move(hint)};
}
inline Verdict Warning(std::string value, std::string message, std::string hint = "") {
  return {Status::kWarning, std::move(value), std::move(message), std::move(hint)};
}
inline Verdict Critical(std::string value, std::string message, std::string hint = "") {
  return {Status::kCritical, std::move(value), std::move(message), std::move(hint)};
}
inline Verdict Unknown(std::string value, std::string message, std::string hint = "") {
  return {Status::kUnknown, std::move(value), std::move(message), std::move(hint)};
}

inline std::optional<Finding> RowOf(const std::vector<Finding>& findings, std::string_view check) {
  for (const Finding& finding : findings) {
    if (finding.check_name.view() == check) return finding;
  }
  return std::nullopt;
}

inline std::optional<Verdict> VerdictOf(const std::vector<Finding>& findings,
                                        std::string_view check) {
  const auto row = RowOf(findings, check);
  if (!row) return std::nullopt;
  return Verdict{row->status, row->value.str(), row->message.str(), row->hint.str()};
}

inline std::vector<std::string> ChecksOf(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) names.push_back(finding.check_name.str());
  return names;
}

}  // namespace baton::core
