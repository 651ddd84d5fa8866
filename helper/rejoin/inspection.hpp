// What in a data directory would stop pg_rewind half-way, or be deleted by it without a word: it
// opens every file for writing, knows no sockets, and removes what the source does not have.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "helper/system/file.hpp"

namespace baton::helper {

struct Inspection {
  // Below the top, where the server's own folders are; paths relative to the data directory.
  std::vector<std::string> read_only;          // this user's own, without the right to write
  std::vector<std::string> foreign;            // another user's, which cannot be written
  std::vector<std::string> special;            // sockets, pipes and devices
  std::vector<std::string> unknown;            // files that PostgreSQL does not make there
  std::map<std::string, std::uint64_t> sizes;  // of every regular file there
};

// Follows the links of pg_tblspc and pg_wal, and no others.
Inspection Inspect(const fs::path& directory);

// Whether PostgreSQL makes files of that name in that folder ("base/5", "pg_tblspc/16384/...").
bool IsServersOwn(const std::string& folder, const std::string& name);

// Makes what was found harmless: files of this user become writable, special and unknown ones move
// into `aside`, under their paths.  Throws if a foreign file is in the way.
void ClearTheWay(const fs::path& directory, const Inspection& found, const fs::path& aside);

// Where a rewind was broken off: what it added is removed, and what it made longer is cut again, so
// that the next one copies it once more.  pg_rewind compares sizes alone, and after a power loss a
// file of the right size may be empty.
void PutSizesBack(const fs::path& directory, const std::map<std::string, std::uint64_t>& sizes);

std::string SizesToText(const std::map<std::string, std::uint64_t>& sizes);
std::map<std::string, std::uint64_t> SizesFromText(const std::string& text);

}  // namespace baton::helper
