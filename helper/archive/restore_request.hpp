// What a restore test is to restore, with which archive, where, and how far.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

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
  bool dry_run = false;                // say what would be done, and do nothing

  bool has_target() const { return !target_lsn.empty() || !target_time.empty(); }
};

// Throws kUsage where the request makes no sense.
void RequireSensible(const RestoreTestRequest& request);

}  // namespace baton::helper
