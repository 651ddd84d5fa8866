// The folder beside the data directory in which a clone notes how far it has come, and which no two
// of them have at once.
#pragma once

#include <optional>

#include "core/clone_note.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

class CloneNotes {
 public:
  explicit CloneNotes(const fs::path& directory);
  // Lets go of the folder, and removes it unless there is a note in it.
  ~CloneNotes();
  CloneNotes(const CloneNotes&) = delete;
  CloneNotes& operator=(const CloneNotes&) = delete;

  // Of an earlier clone; nullopt if there is none, or none that we understand.
  std::optional<core::CloneNote> Read() const;
  // Makes the folder, and has it to itself until the process ends; throws kBusy where another clone
  // has it.  Where nothing can be made beside the data directory nothing is noted.
  void Take();
  void Write(const core::CloneNote& what) const;  // durable when it returns
  void Remove() const;                            // the note

 private:
  fs::path note() const { return path_ / "note.json"; }

  fs::path path_;
  int lock_ = -1;
};

}  // namespace baton::helper
