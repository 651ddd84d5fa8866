// pg_basebackup, driven into a directory that cannot be started until everything in it is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "helper/server/conninfo.hpp"

namespace baton::helper {

struct BaseBackupOptions {
  std::string program;
  std::filesystem::path directory;
  Parameters source;  // without a password
  std::string passfile;
  std::string slot;  // empty: none
  std::string checkpoint = "fast";
  std::string max_rate;                          // as pg_basebackup's --max-rate; empty: none
  std::vector<std::string> tablespace_mappings;  // "/old=/new"
  std::string wal_method = "stream";             // as pg_basebackup's --wal-method
  std::string waldir;       // folder of the WAL, where pg_wal will be a link to it; empty: none
  std::string compression;  // over the wire, "zstd" or "gzip:9"; empty: none
  bool flushes = true;      // each file; otherwise that is the caller's to do
};

// Called with what is copied so far and the total, in bytes; both are the source's estimates.
using CopyProgress = std::function<void(std::int64_t done, std::int64_t total)>;

// Copies; throws with pg_basebackup's first error as detail.  The directory exists before and keeps
// its mode.  SIGINT stops pg_basebackup; what it wrote is the caller's to remove.
void RunBaseBackup(const BaseBackupOptions& options, const CopyProgress& progress);

// Compares the copy with the manifest that came with it (pg_verifybackup); throws with what
// differs.
void VerifyBackup(const std::string& program, const std::filesystem::path& directory);

// "12345/67890 kB (18%), 0/1 tablespace" as bytes; false for any other line.
bool ParseCopyProgress(const std::string& line, std::int64_t& done, std::int64_t& total);

}  // namespace baton::helper
