#include "core/finding.hpp"

namespace baton::core {

std::string_view StatusText(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kWarning:
      return "warning";
    case Status::kCritical:
      return "critical";
    case Status::kUnknown:
      break;
  }
  return "unknown";
}

Finding Judged(std::string_view check_name, Status status, std::string_view value,
               std::string_view message, std::string_view hint) {
  Finding finding;
  finding.check_name = check_name;
  finding.status = status;
  finding.value = value;
  finding.message = message;
  finding.hint = hint;
  return finding;
}

}  // namespace baton::core
