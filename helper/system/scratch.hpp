// A folder for a moment, where temporary files are kept.
#pragma once

#include "helper/system/file.hpp"

namespace baton::helper {

// Made for this user alone, and removed with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace baton::helper
