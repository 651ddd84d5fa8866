#include "target_probe.hpp"

#include "pg/postgres.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "archive/store.hpp"
#include "archive_target.hpp"
#include "pg/clock.hpp"
#include "settings.hpp"

namespace baton {
namespace {

// Free bytes, for an unprivileged user.
std::string Ask(const std::string& directory, const std::string& data_directory) {
  archive::RequireOutside(directory, data_directory);
  const archive::Store store(directory);
  if (access(directory.c_str(), W_OK | X_OK) != 0) {
    throw core::Error(
        core::ErrorCode::kFailed,
        fmt::format("cannot write to archive directory \"{}\": {}", directory, strerror(errno)));
  }
  struct statvfs found {};
  if (statvfs(directory.c_str(), &found) != 0) return "-1";
  return std::to_string(static_cast<std::int64_t>(found.f_bavail) *
                        static_cast<std::int64_t>(found.f_frsize));
}

}  // namespace

void TargetProbe::TakeUp(StorageReport& report) {
  report.target_asked_at = {};
  report.target_free_bytes = -1;
  report.target_fault = "";
  try {
    report.target_free_bytes = std::stoll(errand_->Found());
  } catch (const core::Error& error) {
    report.target_fault = error.message();
  }
  errand_.reset();
}

void TargetProbe::Begin(StorageReport& report) {
  due_ = pg::Now() + setting::StorageInterval();
  try {
    errand_ = std::make_unique<Errand>(
        "asking the archive",
        [directory = directory_, data = std::string(DataDir)] { return Ask(directory, data); });
    report.target_asked_at = errand_->begun_at();
  } catch (const core::Error& error) {
    report.target_fault = error.message();
  }
}

bool TargetProbe::Advance(StorageReport& report) {
  const std::string directory = ArchivesByOwnLibrary() ? setting::ArchiveDirectory() : "";
  if (directory != directory_) {
    directory_ = directory;
    errand_.reset();
    report.target_asked_at = {};
    report.target_free_bytes = -1;
    report.target_fault = "";
    due_ = {};
  }
  if (errand_ != nullptr) {
    errand_->Advance();
    if (!errand_->Finished()) return false;
    TakeUp(report);
    return true;
  }
  if (directory.empty() || pg::Now() < due_) return false;
  Begin(report);
  return true;
}

}  // namespace baton
