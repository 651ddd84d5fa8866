// What an archive in a folder has, by the names of its files alone.
#pragma once

#include <filesystem>
#include <string>

namespace baton::helper {

// The last whole segment of the newest timeline, however packed; empty if there is none.  Throws
// kFailed where the folder cannot be read.
std::string NewestSegment(const std::filesystem::path& archive);

}  // namespace baton::helper
