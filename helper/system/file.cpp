#include "helper/system/file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/error.hpp"

namespace baton::helper {
namespace {

[[noreturn]] void Fail(std::string_view what, const fs::path& path) {
  throw core::Error(core::ErrorCode::kFailed, fmt::format("could not {} \"{}\": {}", what,
                                                          path.string(), std::strerror(errno)));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, mode_t mode = 0)
      : number_(open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (number_ < 0) Fail("open", path);
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// A file that is removed unless it has been renamed.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!renamed_) unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  void RenameTo(const fs::path& path) {
    if (rename(path_.c_str(), path.c_str()) != 0) Fail("replace file", path);
    renamed_ = true;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool renamed_ = false;
};

// Of the old file, or at least its group.  Where that is not allowed the new one is ours.
void KeepOwner(int file, const struct stat& old) {
  const bool done = fchown(file, old.st_uid, old.st_gid) == 0 ||
                    fchown(file, static_cast<uid_t>(-1), old.st_gid) == 0;
  if (!done) errno = 0;
}

}  // namespace

fs::path PlainPath(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::optional<std::string> ReadFileIfThere(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string ReadFile(const fs::path& path) {
  errno = 0;
  auto content = ReadFileIfThere(path);
  if (!content) Fail("read file", path);
  return *std::move(content);
}

void ReplaceFile(const fs::path& path, const std::string& content, mode_t mode) {
  struct stat existing {};
  const bool exists = stat(path.c_str(), &existing) == 0;
  if (exists) mode = existing.st_mode & 07777;
  Temporary temporary(path.string() + ".pg_baton.tmp");
  {
    // A name that anybody could foresee must not lead elsewhere.
    unlink(temporary.path().c_str());
    const Descriptor file(temporary.path(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (exists) KeepOwner(file.number(), existing);
    if (fchmod(file.number(), mode) != 0) Fail("set the mode of", temporary.path());
    std::size_t written = 0;
    while (written < content.size()) {
      const ssize_t count =
          write(file.number(), content.data() + written, content.size() - written);
      if (count < 0) Fail("write file", temporary.path());
      written += static_cast<std::size_t>(count);
    }
    if (fsync(file.number()) != 0) Fail("flush file", temporary.path());
  }
  temporary.RenameTo(path);
  Flush(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void Flush(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (fsync(file.number()) != 0) Fail("flush", path);
}

void FlushTree(const fs::path& path) {
  const fs::file_type type = fs::symlink_status(path).type();
  if (type == fs::file_type::directory) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) FlushTree(entry.path());
  }
  if (type == fs::file_type::directory || type == fs::file_type::regular) Flush(path);
}

void FlushFileSystem(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (syncfs(file.number()) != 0) Fail("flush the file system of", path);
}

void CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  // libstdc++ says so of whatever it could not write in one go.
  if (error == std::errc::io_error && FreeBytes(to.parent_path()) == 0) {
    error = std::make_error_code(std::errc::no_space_on_device);
  }
  if (error) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not copy \"{}\" to \"{}\": {}", from.string(), to.string(),
                                  error.message()));
  }
  Flush(to);
}

void SetMode(const fs::path& path, mode_t mode) {
  if (chmod(path.c_str(), mode) != 0) Fail("set the mode of", path);
}

DirectoryFacts LookAtDirectory(const fs::path& path) {
  DirectoryFacts facts;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) Fail("look at", path);
    return facts;
  }
  facts.exists = true;
  facts.is_directory = S_ISDIR(status.st_mode);
  facts.is_own = status.st_uid == geteuid();
  facts.mode = status.st_mode & 07777;
  std::error_code error;
  facts.is_empty = facts.is_directory && fs::is_empty(path, error) && !error;
  return facts;
}

fs::path ExistingPart(const fs::path& path) {
  fs::path part = fs::absolute(path);
  std::error_code error;
  while (!fs::exists(part, error) && part.has_relative_path()) part = part.parent_path();
  return part;
}

std::optional<std::int64_t> FreeBytes(const fs::path& path) {
  struct statvfs volume {};
  if (statvfs(ExistingPart(path).c_str(), &volume) != 0) return std::nullopt;
  return static_cast<std::int64_t>(volume.f_bavail) * static_cast<std::int64_t>(volume.f_frsize);
}

bool IsWritable(const fs::path& path) { return access(path.c_str(), W_OK | X_OK) == 0; }

bool EmptyDirectory(const fs::path& path) noexcept {
  std::error_code error;
  bool done = true;
  fs::directory_iterator entries(path, error);
  if (error) return false;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) return false;
    std::error_code failed;
    fs::remove_all(entries->path(), failed);
    if (failed) done = false;
  }
  return done;
}

}  // namespace baton::helper
