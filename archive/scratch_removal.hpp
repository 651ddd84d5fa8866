// Scratch folders go with all that is in them, also while something still writes into one, such as
// what a command of the user has left running.
#pragma once

#include <filesystem>

namespace baton::archive {

// A file, or a folder and all that is in it; links are not followed.  Tried again for half a second
// where new files appear meanwhile.  Returns whether nothing is left.
bool RemoveScratch(const std::filesystem::path& path) noexcept;

}  // namespace baton::archive
