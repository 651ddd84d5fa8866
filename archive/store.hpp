// A WAL archive in a folder: files come in whole and durable under their final names, or not at
// all, and nothing that is there is ever overwritten.
//
// A file grows in the folder `pg_baton.incoming` of the archive, is flushed, and takes its name by
// a rename that fails where the name is taken; then the archive's folder is flushed.  So a crash at
// any moment leaves a whole file, or none, and perhaps an unfinished one in that folder, which is
// removed when it is old.
//
// Calls block as long as the storage does.  Used by the server's archiver, where a process of its
// own does the work, and by the helper.
#pragma once

#include <optional>
#include <string>

#include "archive/open_file.hpp"
#include "core/archive_name.hpp"
#include "core/wal_segment.hpp"

namespace baton::archive {

// Where files grow, below the archive's folder.
inline constexpr const char* kIncomingFolder = "pg_baton.incoming";
// What is brought out of an archive grows beside its place, under its name with this and six
// letters or digits.
inline constexpr const char* kUnfinishedMark = ".pg_baton.";

// Throws kRefused where `archive` is the data directory or inside of it, also through links: a base
// backup would have the archive in it, and whoever loses the one loses the other.
void RequireOutside(const fs::path& archive, const fs::path& data_directory);

class Store {
 public:
  // Throws kNotFound where the folder does not exist, and makes none: it may be a mount point that
  // is not mounted.
  explicit Store(fs::path folder);

  const fs::path& folder() const { return folder_; }

  enum class Stored { kNew, kWasThere };
  // Takes `file`, which the server calls `name`; durable when it returns.  The same content again,
  // however it is packed, is kWasThere.  Throws kRefused where the archive has other content under
  // this name, where `name` is nothing that a server archives, or where the file is not what its
  // name says; kFailed where it cannot be read or written, and then nothing is there under its
  // name.
  Stored Put(const fs::path& file, const std::string& name, core::Packing packing,
             const core::SegmentOrigin& origin) const;

  struct Entry {
    fs::path path;
    core::Packing packing = core::Packing::kPlain;
  };

  // Finds the file of that name and brings it; false if the archive does not have it.
  bool Get(const std::string& name, const fs::path& to, const core::SegmentOrigin& origin) const;
  // Brings a file, unpacked, to `to`, which is replaced in one step by what is flushed; the folder
  // is the caller's to flush.  Throws kRefused where the file is not what `name` says, damaged or
  // of another origin, kNotFound where it has gone, kFailed where it cannot be read or written;
  // then `to` is as it was.  Killed in the middle, it leaves an unfinished file.
  static void Bring(const Entry& from, const std::string& name, const fs::path& to,
                    const core::SegmentOrigin& origin);

  // nullopt if it is not there, however packed.
  std::optional<Entry> Find(const std::string& name) const;

 private:
  Stored WasThere(const Entry& there, const fs::path& file, const std::string& name) const;
  void RemoveOldLeftovers() const;

  fs::path folder_;
};

}  // namespace baton::archive
