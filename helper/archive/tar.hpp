// The system's tar, fed with files that may be compressed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/archive_name.hpp"

namespace baton::helper {

// Runs tar with these arguments on the content of `file`, and returns what it printed.  Throws
// kRefused where the file is damaged, kFailed where tar fails, kInterrupted after SIGINT.
std::string RunTar(const std::filesystem::path& file, core::Packing packing,
                   const std::vector<std::string>& arguments);

}  // namespace baton::helper
