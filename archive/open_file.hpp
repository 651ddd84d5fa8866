// An open file or folder, closed by its destructor; failures are Errors that name it.
#pragma once

#include <filesystem>
#include <string>
#include <sys/stat.h>

#include "core/error.hpp"

namespace baton::archive {

namespace fs = std::filesystem;

// "could not open file "...": No such file or directory", of errno.
core::Error CouldNot(const char* verb, const fs::path& path);

class OpenFile {
 public:
  // Throws kNotFound where it is not there, else kFailed.
  OpenFile(fs::path path, int flags, mode_t mode = 0600);
  // Takes a descriptor that is open already.
  OpenFile(fs::path path, int descriptor, std::nullptr_t) noexcept
      : path_(std::move(path)), descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int number() const { return descriptor_; }
  const fs::path& path() const { return path_; }
  struct stat Status() const;
  void Flush() const;
  // What a file system has to say at the end, as NFS and quotas do, is not lost.
  void Close();

 private:
  fs::path path_;
  int descriptor_;
};

void FlushFolder(const fs::path& path);

}  // namespace baton::archive
