#include "helper/clone/unfinished_copy.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"

namespace baton::helper {

UnfinishedCopy::UnfinishedCopy(fs::path directory) : directory_(std::move(directory)) {
  made_ = fs::create_directories(directory_);
  const DirectoryFacts facts = LookAtDirectory(directory_);
  if (!facts.is_empty) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("directory \"{}\" is no longer empty", directory_.string()),
                      "Somebody else has begun to use it.");
  }
  mode_before_ = facts.mode;
  SetMode(directory_, kUnstartableMode);
}

UnfinishedCopy::~UnfinishedCopy() {
  if (kept_) return;
  std::error_code error;
  if (!EmptyDirectory(directory_)) return;
  if (made_) {
    fs::remove(directory_, error);
  } else {
    chmod(directory_.c_str(), mode_before_);
  }
}

void UnfinishedCopy::Keep(mode_t mode) {
  Flush(directory_);
  SetMode(directory_, mode);
  Flush(directory_);
  Flush(directory_.parent_path());
  kept_ = true;
}

}  // namespace baton::helper
