// A folder of this library's own into which commands of this process bring files: empty at first,
// and gone with all that is in it when it is no longer wanted, however this process ends.
#pragma once

#include <string>

namespace baton {

class ScratchFolder {
 public:
  // Throws kFailed where it cannot be made.  What processes that are no longer there left of the
  // same purpose is removed first.
  explicit ScratchFolder(const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  // Of a file in it, relative to the data directory.
  std::string PathOf(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

}  // namespace baton
