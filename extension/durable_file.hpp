// Small files in the data directory, written so that a crash leaves the old or the
// new one.  May block as long as the storage does.
#pragma once

#include <string>
#include <string_view>

namespace baton {

// The folder that all of them are in, below the data directory; made if it is missing.
inline constexpr const char* kFolder = "pg_baton";

// Return what failed, in words; empty if nothing did.
std::string WriteDurably(const std::string& path, std::string_view text);    // over what is there
std::string ReplaceDurably(const std::string& path, std::string_view text);  // by a rename
std::string RemoveDurably(const std::string& path);  // also if it is not there

// The whole file; empty if it is not there or cannot be read.
std::string ReadWhole(const std::string& path);

// The same for who has to know which of the two it is.
struct FileText {
  bool there = false;
  std::string error;  // why it could not be read; empty if it could
  std::string text;
};
FileText ReadIfThere(const std::string& path);

}  // namespace baton
