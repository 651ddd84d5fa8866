#include "helper/clone/clone_notes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.hpp"

namespace baton::helper {

CloneNotes::CloneNotes(const fs::path& directory) : path_(directory.string() + ".pg_baton_clone") {}

CloneNotes::~CloneNotes() {
  if (lock_ < 0) return;
  rmdir(path_.c_str());
  close(lock_);
}

std::optional<core::CloneNote> CloneNotes::Read() const {
  return core::CloneNoteFromText(ReadFileIfThere(note()).value_or(""));
}

void CloneNotes::Take() {
  std::error_code error;
  if (fs::create_directories(path_, error)) SetMode(path_, 0700);
  if (error) return;
  const int folder = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  if (flock(folder, LOCK_EX | LOCK_NB) == 0) {
    lock_ = folder;
    return;
  }
  close(folder);
  throw core::Error(core::ErrorCode::kBusy, "another clone of this directory is running",
                    fmt::format("It has folder \"{}\".", path_.string()),
                    "Wait for its end, or interrupt it.");
}

void CloneNotes::Write(const core::CloneNote& what) const {
  if (lock_ < 0) return;
  ReplaceFile(note(), core::CloneNoteToText(what));
  Flush(path_.parent_path());
}

void CloneNotes::Remove() const {
  std::error_code error;
  if (lock_ >= 0) fs::remove(note(), error);
}

}  // namespace baton::helper
