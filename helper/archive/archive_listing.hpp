// What is in an archive's folder, and the removal of some of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/archive_retention.hpp"

namespace baton::helper {

struct ArchiveListing {
  std::vector<core::ArchivedFile> files;  // regular files whose names a server's archive has
  std::vector<std::string> unknown;       // all others, without this project's own folder
  std::map<core::TimelineId, core::TimelineHistory> histories;
  // Of the first segments of each timeline that can be read, which are of one cluster; 0 if there
  // is none.
  std::uint64_t system_identifier = 0;
  std::uint64_t segment_bytes = 0;
};

// Throws kNotFound where the folder is not there, kRefused where it is the archive of another
// program, or has WAL of more than one cluster, kFailed where it cannot be read.
ArchiveListing ListArchive(const std::filesystem::path& folder);

struct Removal {
  int files = 0;
  std::uint64_t bytes = 0;
};
// Removes them in this order, and flushes the folder at the end, also after an interrupt, which it
// throws.  One that has gone is passed over.
Removal RemoveFiles(const std::filesystem::path& folder,
                    const std::vector<core::ArchivedFile>& files);

}  // namespace baton::helper
