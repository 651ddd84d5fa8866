// Segments that were fetched from an archive before the server asked for them.
//
// The name of a file in the spool says what it was made from: the segment, the cluster, and path,
// size, time and inode of the archive's file.  So it is looked for by a name that only the right
// one has, and what was made from another file, of another cluster or timeline, is never found.
// Files come in flushed and by a rename; what is cut short has another name.
//
// One process at a time fills it, which holds the lock; any may take from it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/store.hpp"
#include "core/wal_segment.hpp"

namespace baton::helper {

// Whether a name is that of a file that was cut short, beside the place of `file`.
bool IsUnfinished(std::string_view name, std::string_view file);

// The segment that a file of a spool has, whole or not; nullopt for the name of anything else.
struct SpooledName {
  std::string segment;
  bool is_whole = false;
};
std::optional<SpooledName> ParseSpooledName(std::string_view file);

class Spool {
 public:
  Spool(std::filesystem::path folder, const core::SegmentOrigin& origin)
      : folder_(std::move(folder)), origin_(origin) {}

  const std::filesystem::path& folder() const { return folder_; }
  // With the folder pg_baton above it, where that is missing.  Throws kFailed.
  void Make() const;

  // Moves the segment of that name to `to`, replacing it, if it is here, was made from the
  // archive's file as that is now, and is what its name says; what is not, is removed.  Throws
  // kFailed where `to` cannot be written or `from` not looked at.
  bool Take(const std::string& name, const archive::Store::Entry& from,
            const std::filesystem::path& to) const;
  // Fetches it, unless it is here.  Throws what Store::Bring does; the archive's file may change
  // meanwhile, and then nothing is kept.
  void Keep(const std::string& name, const archive::Store::Entry& from) const;

  // Names of the whole segments that are here; none if there is no spool.
  std::vector<std::string> Segments() const;
  // Removes whole segments that are not wanted, and nothing that a spool does not have.
  void DropAllBut(const std::vector<std::string>& wanted) const;
  // Removes what was cut short.  Only for the one who holds the lock.
  void DropUnfinished() const;

  // Descriptor with the lock, which is open in children too; nullopt if another process has it.
  // Throws kFailed.
  std::optional<int> TryLock() const;

 private:
  std::filesystem::path PathOf(const std::string& name, const archive::Store::Entry& from) const;
  void ForEach(
      const std::function<void(const std::filesystem::path&, const SpooledName&)>& visit) const;

  std::filesystem::path folder_;
  core::SegmentOrigin origin_;
};

}  // namespace baton::helper
