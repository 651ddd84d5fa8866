// Whether one path lies in another, by their names alone.
#pragma once

#include <algorithm>
#include <filesystem>

namespace baton::core {

// True for the folder itself too.  Both are canonical: absolute, without links, "." and "..", and
// without a slash at the end.
inline bool IsInside(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

}  // namespace baton::core
