// pg_rewind and what has to happen around it so that a failure cannot leave a directory that starts
// with the data of two servers, and success keeps this server's own files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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
  bool rehearse = false;  // every check and all reading, but no change
};

// Returns false if pg_rewind found nothing to rewind.  Throws with its first error as detail.
bool RunRewind(const RewindOptions& options, const CopyProgress& progress);

}  // namespace baton::helper
