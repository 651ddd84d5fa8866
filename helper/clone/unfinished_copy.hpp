// The directory of a copy that is under way, until it is whole.
#pragma once

#include "helper/system/file.hpp"

namespace baton::helper {

// Made or found empty, locked against any start, and put back as it was unless the copy is kept.
class UnfinishedCopy {
 public:
  explicit UnfinishedCopy(fs::path directory);
  ~UnfinishedCopy();
  UnfinishedCopy(const UnfinishedCopy&) = delete;
  UnfinishedCopy& operator=(const UnfinishedCopy&) = delete;

  // A server can start from it from now on.
  void Keep(mode_t mode);

 private:
  fs::path directory_;
  mode_t mode_before_ = 0700;
  bool made_ = false;
  bool kept_ = false;
};

}  // namespace baton::helper
