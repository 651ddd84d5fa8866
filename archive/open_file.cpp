#include "archive/open_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace baton::archive {

core::Error CouldNot(const char* verb, const fs::path& path) {
  const core::ErrorCode code =
      errno == ENOENT ? core::ErrorCode::kNotFound : core::ErrorCode::kFailed;
  return {code,
          fmt::format("could not {} file \"{}\": {}", verb, path.string(), std::strerror(errno))};
}

OpenFile::OpenFile(fs::path path, int flags, mode_t mode)
    : path_(std::move(path)), descriptor_(open(path_.c_str(), flags | O_CLOEXEC, mode)) {
  if (descriptor_ < 0) throw CouldNot("open", path_);
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

struct stat OpenFile::Status() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) throw CouldNot("look at", path_);
  return status;
}

void OpenFile::Flush() const {
  if (fsync(descriptor_) != 0) throw CouldNot("flush", path_);
}

void OpenFile::Close() {
  if (close(std::exchange(descriptor_, -1)) != 0) throw CouldNot("close", path_);
}

void FlushFolder(const fs::path& path) { OpenFile(path, O_RDONLY | O_DIRECTORY).Flush(); }

}  // namespace baton::archive
