#include "pg/guard.hpp"

#include <algorithm>
#include <cstring>

namespace baton::pg {
namespace {

template <std::size_t kBytes>
void CopyCut(std::string_view text, char (&target)[kBytes]) noexcept {
  const int length = static_cast<int>(std::min(text.size(), kBytes - 1));
  const int cut = pg_mbcliplen(text.data(), length, length);
  std::memcpy(target, text.data(), static_cast<std::size_t>(cut));
  target[cut] = '\0';
}

}  // namespace

int SqlState(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::kUsage:
    case core::ErrorCode::kInvalidName:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case core::ErrorCode::kRefused:
    case core::ErrorCode::kWrongState:
      return ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    case core::ErrorCode::kBusy:
      return ERRCODE_OBJECT_IN_USE;
    case core::ErrorCode::kNotFound:
      return ERRCODE_UNDEFINED_OBJECT;
    case core::ErrorCode::kReadOnly:
      return ERRCODE_READ_ONLY_SQL_TRANSACTION;
    case core::ErrorCode::kInterrupted:
      return ERRCODE_QUERY_CANCELED;
    case core::ErrorCode::kFailed:
      break;
  }
  return ERRCODE_INTERNAL_ERROR;
}

namespace internal {

void Describe(const core::Error& error, Report& report) noexcept {
  report.sqlstate = SqlState(error.code());
  CopyCut(error.message(), report.message);
  CopyCut(error.detail(), report.detail);
  CopyCut(error.hint(), report.hint);
}

void Describe(int sqlstate, std::string_view message, Report& report) noexcept {
  report.sqlstate = sqlstate;
  CopyCut(message, report.message);
}

void Raise(const Report& report) {
  ereport(ERROR, (errcode(report.sqlstate), errmsg("%s", report.message),
                  report.detail[0] != '\0' ? errdetail("%s", report.detail) : 0,
                  report.hint[0] != '\0' ? errhint("%s", report.hint) : 0));
  pg_unreachable();
}

}  // namespace internal
}  // namespace baton::pg
