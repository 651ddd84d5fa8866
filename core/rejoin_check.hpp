// Whether a stopped former primary can be rewound into a standby of the server that took over.
#pragma once

#include <cstdint>
#include <string>

#include "core/lsn.hpp"
#include "core/problem.hpp"

namespace baton::core {

struct RejoinSource {
  int major = 0;
  std::string version;
  std::string system_identifier;
  bool in_recovery = false;
  bool full_page_writes = true;
  bool may_read_files = true;  // the four functions that pg_rewind calls
  bool may_checkpoint = true;
  bool has_extension = true;
  bool name_is_source = false;
  bool slot_active = false;
  TimelineId timeline = 0;
};

struct RejoinTarget {
  std::string path;
  bool is_data_directory = false;
  bool is_foreign = false;     // belongs to another user
  bool is_unfinished = false;  // a rejoin or clone was cut short
  bool is_running = false;
  std::string bindir;  // empty if no server programs were found
  int major = 0;       // of the data directory
  int bindir_major = 0;
  std::string system_identifier;
  bool was_standby = false;  // stopped in recovery, or standby.signal is there
  bool wal_log_hints = false;
  bool data_checksums = false;
  TimelineId timeline = 0;
};

Problems CheckRejoin(const RejoinSource& source, const RejoinTarget& target);

}  // namespace baton::core
