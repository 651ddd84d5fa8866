// The folder of an archive, as it is on this host for the user who runs this.
#pragma once

#include <string>

#include "core/archive_setup.hpp"

namespace baton::helper {

core::ArchiveFolderFacts LookAtArchiveFolder(const std::string& path);

// Whether a file that a server calls `name` is there, however packed; not where the folder cannot
// be read.
bool IsArchived(const std::string& directory, const std::string& name);

}  // namespace baton::helper
