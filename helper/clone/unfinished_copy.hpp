// The folders of a copy that is under way, until it is whole.
#pragma once

#include <string>
#include <vector>

#include "core/clone_note.hpp"
#include "helper/clone/clone_notes.hpp"

namespace baton::helper {

// Made or found empty, the data directory locked against any start; put back as they were unless
// the copy is kept.
class UnfinishedCopy {
 public:
  // Notes them before anything is copied; kinds and paths are filled in.  Throws kFailed if one is
  // not empty by now.
  UnfinishedCopy(CloneNotes& notes, core::CloneNote note);
  ~UnfinishedCopy();
  UnfinishedCopy(const UnfinishedCopy&) = delete;
  UnfinishedCopy& operator=(const UnfinishedCopy&) = delete;

  // A server can start from it from now on.
  void Keep(mode_t mode);

 private:
  CloneNotes& notes_;
  core::CloneNote note_;
  bool kept_ = false;
};

// Whether the data directory of a note is still the one that it is about.
bool IsSameDirectory(const core::CloneNote& note);
// Whether it still is what an unfinished copy left, which no server starts from.
bool IsLeftOver(const core::CloneNote& note);

// Removes what a copy has put into the folders, and those that it made.  False if not all of it
// went.
bool RemoveCopy(const core::CloneNote& note) noexcept;

}  // namespace baton::helper
