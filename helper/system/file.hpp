// Files as a database wants them: replaced in one step, and on disk before the next step relies on
// it.  Every failure is an Error that names the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace baton::helper {

namespace fs = std::filesystem;

// Absolute, and without a slash at its end: names of neighbours are made by adding to it.
fs::path PlainPath(const fs::path& path);

std::string ReadFile(const fs::path& path);
std::optional<std::string> ReadFileIfThere(const fs::path& path);

// Writes a temporary file beside it, flushes it, renames it and flushes the directory.  An existing
// file keeps its mode, and its owner as far as this user may give files away; a new one gets
// `mode`.
void ReplaceFile(const fs::path& path, const std::string& content, mode_t mode = 0600);

void Flush(const fs::path& path);  // of a file or directory
// Of a file, or of a folder and all that is in it; links are not followed.
void FlushTree(const fs::path& path);
// Everything that has been written to the file system of `path`, by whomever.
void FlushFileSystem(const fs::path& path);
// Copies one file durably; the directory is the caller's to flush.
void CopyFile(const fs::path& from, const fs::path& to);
void SetMode(const fs::path& path, mode_t mode);

// A data directory that no server may start from: PostgreSQL refuses this mode (checkDataDir in
// src/backend/utils/init/miscinit.c), with or without this project's library.
inline constexpr mode_t kUnstartableMode = 0701;

struct DirectoryFacts {
  bool exists = false;
  bool is_directory = false;
  bool is_empty = false;
  bool is_own = false;  // belongs to the user who runs this
  mode_t mode = 0;
};
DirectoryFacts LookAtDirectory(const fs::path& path);

// The path itself, or its nearest ancestor that exists.
fs::path ExistingPart(const fs::path& path);
std::optional<std::int64_t> FreeBytes(const fs::path& path);
bool IsWritable(const fs::path& path);

// Empties a directory, and says whether it succeeded.
bool EmptyDirectory(const fs::path& path) noexcept;

}  // namespace baton::helper
