// What belongs to one server rather than to its data: configuration, certificates, logs, events.
// pg_rewind replaces or deletes all of it, so it is moved aside before and put back afterwards.
// Both can be broken off at any moment and done again.
#pragma once

#include <string>
#include <vector>

#include "helper/system/file.hpp"

namespace baton::helper {

// Files at the top of the data directory that belong to this server alone: configuration,
// certificates and whatever an administrator put there, but nothing that describes the data.
// Links count as themselves, and so do sockets and pipes.
std::vector<fs::path> OwnFiles(const fs::path& directory);

// The same of folders: conf.d, log, certificates, the events in pg_baton; all but those that
// PostgreSQL itself has there.
std::vector<fs::path> OwnFolders(const fs::path& directory);

// The names of both, sorted.
std::vector<std::string> OwnNames(const fs::path& directory);

// Moves them all into `kept`, durably; what is there already is replaced.
void MoveOwnAside(const fs::path& directory, const fs::path& kept);

// Afterwards the top of the directory has this server's files, which are called `names`, and none
// of the source's.  A name that `kept` does not have is back already.
void MoveOwnBack(const fs::path& directory, const fs::path& kept,
                 const std::vector<std::string>& names);

}  // namespace baton::helper
