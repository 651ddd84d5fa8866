#include "helper/system/archive_place.hpp"

#include <filesystem>

#include "core/archive_name.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

core::ArchiveFolderFacts LookAtArchiveFolder(const std::string& path) {
  core::ArchiveFolderFacts facts;
  facts.path = path;
  if (path.empty()) return facts;
  const DirectoryFacts now = LookAtDirectory(path);
  facts.exists = now.exists;
  facts.is_directory = now.is_directory;
  facts.is_writable = IsWritable(path);
  return facts;
}

bool IsArchived(const std::string& directory, const std::string& name) {
  std::error_code error;
  for (const core::Packing packing : core::kPackings) {
    const fs::path file = fs::path(directory) / (name + std::string(core::PackingEnding(packing)));
    if (fs::exists(file, error)) return true;
  }
  return false;
}

}  // namespace baton::helper
