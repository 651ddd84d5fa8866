// pg_rewind and what has to happen around it so that a failure cannot leave a directory that starts
// with the data of two servers, and success keeps this server's own files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/server/conninfo.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Ends crash recovery in single-user mode, so that the directory is shut down cleanly.  No server
// may run in it, and standby.signal must not be there.  `configuration` is the file to use, or
// empty.
void RecoverSingleUser(const Programs& programs, const std::filesystem::path& directory,
                       const std::filesystem::path& configuration);

struct RewindOptions {
  std::string program;
  std::filesystem::path directory;
  Parameters source;  // without a password
  std::string passfile;
};

struct RewindEnd {
  bool has_changed = false;  // it had come to where it begins to change files
  // Why it did not come to its end, with its first error as detail; an interrupt too.
  std::optional<core::Error> error;
};

// Without an error and a change, there was nothing to rewind.  Up to where it says how much it
// will copy pg_rewind only reads (main in src/bin/pg_rewind/pg_rewind.c).  To flush what it has
// written is the caller's.
RewindEnd RunRewind(const RewindOptions& options, const CopyProgress& progress);

}  // namespace baton::helper
