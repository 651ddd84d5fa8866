#include "durable_file.hpp"

#include "pg/postgres.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace baton {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, pg_file_create_mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string Failure(std::string_view what, const std::string& path) {
  return fmt::format("could not {} file \"{}\": {}", what, path, strerror(errno));
}

std::string SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (descriptor.get() < 0 || fsync(descriptor.get()) != 0) return Failure("fsync", folder);
  return "";
}

}  // namespace

std::string WriteDurably(const std::string& path, std::string_view text) {
  mkdir(kFolder, pg_dir_create_mode);
  const Descriptor file(path, O_WRONLY | O_CREAT);
  if (file.get() < 0) return Failure("open", path);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = pwrite(file.get(), text.data() + written, text.size() - written,
                             static_cast<off_t>(written));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failure("write", path);
    written += static_cast<std::size_t>(n);
  }
  if (ftruncate(file.get(), static_cast<off_t>(text.size())) != 0) return Failure("truncate", path);
  if (fsync(file.get()) != 0) return Failure("fsync", path);
  return "";
}

std::string ReplaceDurably(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".tmp";
  if (std::string failure = WriteDurably(temporary, text); !failure.empty()) {
    unlink(temporary.c_str());
    return failure;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return Failure("rename", temporary);
  return SyncFolderOf(path);
}

std::string RemoveDurably(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failure("remove", path);
  return SyncFolderOf(path);
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

FileText ReadIfThere(const std::string& path) {
  FileText file;
  const Descriptor descriptor(path, O_RDONLY | O_NONBLOCK);
  if (descriptor.get() < 0) {
    file.there = errno != ENOENT && errno != ENOTDIR;
    if (file.there) file.error = Failure("open", path);
    return file;
  }
  file.there = true;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(descriptor.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) file.error = Failure("read", path);
    if (n <= 0) return file;
    file.text.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace baton
