// Where archive_library = 'pg_baton' writes, and what a child has to do for one file; used by the
// archiver, and by the worker of a demoted server.
#pragma once

#include <string>

#include "core/archive_name.hpp"
#include "errand.hpp"

namespace baton {

// What the settings say now.
struct ArchiveTarget {
  std::string directory;  // empty: not set
  core::Packing packing = core::Packing::kPlain;

  bool operator==(const ArchiveTarget&) const = default;
};
ArchiveTarget ArchiveTargetNow();

// Whether the server archives by this library.
bool ArchivesByOwnLibrary();

// Archives a file, which the server calls `name`, durably; `path` is relative to the data
// directory.  Throws as archive::Store does.
Errand::Work ArchiveWork(const ArchiveTarget& target, const std::string& name,
                         const std::string& path);
// Throws kRefused where the archive would be inside the data directory.
Errand::Work CheckWork(const std::string& directory);

}  // namespace baton
