// What pg_controldata says about a data directory whose server is down.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/lsn.hpp"

namespace baton::helper {

struct ControlData {
  std::string state;  // "shut down", "in production", "in archive recovery", ...
  std::string system_identifier;
  core::TimelineId timeline = 0;  // the newest on which it has replayed or written
  core::Lsn checkpoint;           // the record of the latest one
  core::Lsn redo;                 // where recovery begins
  core::Lsn minimum_recovery;     // what a standby has to replay at least; none on a primary
  std::uint64_t segment_bytes = 0;
  std::uint64_t block_bytes = 0;  // of tables
  bool wal_log_hints = false;
  bool data_checksums = false;
  // Settings that a server that replays this WAL must not have lower, by their names
  // (CheckRequiredParameterValues in xlogrecovery.c).
  std::map<std::string, std::string> minimums;
};

ControlData ParseControlData(const std::string& text);

// Runs pg_controldata; throws if it fails.
ControlData ReadControlData(const std::string& program, const std::string& directory);

}  // namespace baton::helper
