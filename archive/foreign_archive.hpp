// Archives of other programs, which keep WAL in a layout of their own.
#pragma once

#include <filesystem>
#include <string>

namespace baton::archive {

// "pgBackRest", "Barman", "WAL-G" or "Barman or pgBackRest", by the names in the folder and in the
// folders in it; empty where none of them has laid it out.  Throws
// std::filesystem::filesystem_error where the folder itself cannot be read.
std::string ForeignTool(const std::filesystem::path& folder);

}  // namespace baton::archive
