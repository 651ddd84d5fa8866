#include "helper/report/rows.hpp"

namespace baton::helper {

core::Status StatusOf(const std::string& text) {
  for (const core::Status status :
       {core::Status::kOk, core::Status::kWarning, core::Status::kCritical}) {
    if (text == core::StatusText(status)) return status;
  }
  return core::Status::kUnknown;
}

}  // namespace baton::helper
