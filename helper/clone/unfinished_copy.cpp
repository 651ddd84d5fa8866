#include "helper/clone/unfinished_copy.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"

namespace baton::helper {

using core::CloneFolder;

namespace {

std::uint64_t InodeOf(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

UnfinishedCopy::UnfinishedCopy(CloneNotes& notes, core::CloneNote note)
    : notes_(notes), note_(std::move(note)) {
  for (CloneFolder& folder : note_.folders) {
    const DirectoryFacts facts = LookAtDirectory(folder.path);
    folder.made = !facts.exists;
    folder.mode = facts.mode;
    if (!facts.exists || facts.is_empty) continue;
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("directory \"{}\" is no longer empty", folder.path),
                      "Somebody else has begun to use it.");
  }
  // pg_basebackup makes the others.
  const fs::path data = note_.folders.front().path;
  fs::create_directories(data);
  SetMode(data, kUnstartableMode);
  note_.inode = InodeOf(data);
  notes_.Write(note_);
}

UnfinishedCopy::~UnfinishedCopy() {
  if (kept_) return;
  if (RemoveCopy(note_)) notes_.Remove();
}

void UnfinishedCopy::Keep(mode_t mode) {
  const fs::path data = note_.folders.front().path;
  Flush(data);
  note_.step = core::CloneStep::kReady;
  notes_.Write(note_);
  SetMode(data, mode);
  Flush(data);
  Flush(data.parent_path());
  kept_ = true;
}

bool IsSameDirectory(const core::CloneNote& note) {
  const fs::path data = note.folders.front().path;
  return LookAtDirectory(data).is_own && InodeOf(data) == note.inode;
}

bool IsLeftOver(const core::CloneNote& note) {
  return IsSameDirectory(note) &&
         LookAtDirectory(note.folders.front().path).mode == kUnstartableMode;
}

bool RemoveCopy(const core::CloneNote& note) noexcept {
  bool done = true;
  // The data directory comes last: while it is locked, the rest is known to be left over.
  for (auto folder = note.folders.rbegin(); folder != note.folders.rend(); ++folder) {
    std::error_code error;
    fs::directory_iterator entries(folder->path, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (!core::IsOfCopy(folder->kind, entries->path().filename().string())) continue;
      std::error_code failed;
      fs::remove_all(entries->path(), failed);
      if (failed) done = false;
    }
    if (error == std::errc::no_such_file_or_directory) continue;
    if (error) done = false;
    if (folder->kind == CloneFolder::Kind::kData && !done) return false;
    if (folder->made) {
      fs::remove(folder->path, error);
    } else {
      chmod(folder->path.c_str(), folder->mode);
    }
  }
  return done;
}

}  // namespace baton::helper
