// The only real proof of an archive: a base backup is restored with it into a scratch server, which
// is started, read and removed.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "helper/output.hpp"
#include "helper/server/conninfo.hpp"

namespace baton::helper {

struct RestoreTestRequest {
  // Where the backup comes from: a folder with one or several, or a running server.
  std::filesystem::path backup_directory;
  bool take_backup = false;
  Parameters source;     // of that server, or of the one whose backup it is; may be empty
  std::string passfile;  // empty: libpq's default

  // How WAL comes from the archive: by this program's archive-get, or by a command.
  std::filesystem::path archive_directory;
  std::string restore_command;

  std::filesystem::path scratch_directory;
  std::string target_lsn;   // at most one of the two; none: all that the archive has
  std::string target_time;  // as recovery_target_time
  bool deep = false;        // all pages are looked at, and indexes beside their tables
  std::string username;     // a superuser in the backup; empty: the likely ones
  std::string preload_libraries;
  std::string bindir;
  std::chrono::seconds timeout{3600};  // for recovery
};

// Throws kUsage where the request makes no sense.
void RequireSensible(const RestoreTestRequest& request);

// Returns when all of it is done and removed.  Throws kRefused or a Refusal before anything is
// made; kRefused also where the backup is damaged, kFailed where it cannot be restored, or not as
// far as the archive goes; kInterrupted after SIGINT.  In each case the scratch folder is as it
// was.
void RunRestoreTest(const RestoreTestRequest& request, Output& output);

}  // namespace baton::helper
