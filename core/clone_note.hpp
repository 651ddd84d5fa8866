// What a clone writes down before it copies anything, so that the next one knows what an earlier
// one has left: which folders it copied into, and whether the copy became whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::core {

enum class CloneStep {
  kCopying,  // what the folders hold is of no use
  kReady,    // a whole standby, which has only to be registered and started
};

struct CloneFolder {
  enum class Kind { kData, kTablespace, kWal };
  Kind kind = Kind::kData;
  std::string path;
  bool made = false;       // by the clone; it was there before, and empty, otherwise
  std::uint32_t mode = 0;  // what it had then

  bool operator==(const CloneFolder&) const = default;
};

struct CloneNote {
  CloneStep step = CloneStep::kCopying;
  std::string node_name;
  std::uint64_t inode = 0;           // of the data directory: another one may have its name by now
  std::vector<CloneFolder> folders;  // the data directory is the first

  bool operator==(const CloneNote&) const = default;
};

std::string CloneNoteToText(const CloneNote& note);
// nullopt for what is damaged or of another version.
std::optional<CloneNote> CloneNoteFromText(std::string_view text);

// Whether an entry with this name in a folder of that kind can be pg_basebackup's: what cannot be
// is never removed.
bool IsOfCopy(CloneFolder::Kind kind, std::string_view name);

}  // namespace baton::core
