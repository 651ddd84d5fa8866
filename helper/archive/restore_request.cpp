#include "helper/archive/restore_request.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/lsn.hpp"

namespace baton::helper {
namespace {

core::Error Usage(std::string message, std::string hint) {
  return {core::ErrorCode::kUsage, std::move(message), "", std::move(hint)};
}

}  // namespace

void RequireSensible(const RestoreTestRequest& request) {
  if (request.take_backup != request.backup_directory.empty()) {
    throw Usage("a restore test needs one base backup",
                "Give --backup-directory, or --take-backup, and not both.");
  }
  if (request.archive_directory.empty() && request.restore_command.empty()) {
    throw Usage("a restore test needs the archive",
                "Give --archive-directory, or --restore-command, or both.");
  }
  if (request.scratch_directory.empty()) {
    throw Usage("a restore test needs a folder with room for the backup",
                "Give --scratch-directory.");
  }
  if (!request.target_lsn.empty() && !request.target_time.empty()) {
    throw Usage("recovery can have one target only", "Give --target-lsn or --target-time.");
  }
  if (!request.target_lsn.empty() && !core::Lsn::Parse(request.target_lsn)) {
    throw Usage(fmt::format("invalid LSN \"{}\"", request.target_lsn),
                "Write it as PostgreSQL does, such as 0/3000060.");
  }
}

}  // namespace baton::helper
