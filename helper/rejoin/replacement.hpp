// A new copy of the source in the place of the old directory, which is kept, locked, until the copy
// has shown that it streams.
#pragma once

#include "core/problem.hpp"
#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/tablespaces.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

// A mount point cannot be renamed, and neither can anything in a folder that is another user's.
bool CanBeRenamed(const fs::path& path);

class Replacement {
 public:
  explicit Replacement(Workplace& place) : place_(place) {}

  // What speaks against it: no space for two, or a directory that cannot be renamed.
  core::Problems Check();
  // From an untouched directory, or one that was locked for a rewind, to one that is ready.
  // `why` says what speaks against a rewind.
  void Run(const Survey* survey, const std::string& why);
  void GoOn();
  // Lets the finished copy take the old directory's place, as far as that has not happened yet.
  void Swap();
  // The node streams: the old directory is not needed any more.
  void RemoveOld();

 private:
  std::vector<PlannedTablespace> Tablespaces();
  void Copy();
  void Finish();

  Workplace& place_;
};

}  // namespace baton::helper
