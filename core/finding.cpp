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

}  // namespace baton::core
