// Whether and how a stopped server comes back as a standby of the present primary: by starting as
// its standby, by pg_rewind, or by a new copy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"
#include "core/problem.hpp"
#include "core/timeline_history.hpp"

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
  Lsn current;  // where it writes
  // Whose promotion began the target's timeline, as the source has it in baton.reign; empty: not
  // known.
  std::string reign_of_targets_timeline;
  std::vector<std::string> special_files;  // at the top of its data directory; pg_rewind chokes
};

struct RejoinTarget {
  std::string path;
  bool is_data_directory = false;
  bool is_foreign = false;     // belongs to another user
  bool is_unfinished = false;  // locked, and no journal says why
  bool is_running = false;
  std::string bindir;  // empty if no server programs were found
  int major = 0;       // of the data directory
  int bindir_major = 0;
  std::string system_identifier;
  bool is_standby = false;  // it had a signal file, or was stopped in recovery
  bool is_clean = false;    // shut down cleanly, as a primary or as a standby
  bool wal_log_hints = false;
  bool data_checksums = false;
  TimelineId timeline = 0;
  std::string reign;      // of its timeline, if it was the primary there; empty: not known
  Lsn end;                // of its own WAL; none: not known
  std::string end_error;  // why it is not known
};

// What speaks against bringing this node back at all; empty is good.
Problems CheckRejoin(const RejoinSource& source, const RejoinTarget& target);

enum class RejoinWay {
  kFollow,  // it has nothing that the source lacks, so it can simply stream
  kRewind,
  kCopy,
};

struct RejoinVerdict {
  RejoinWay way = RejoinWay::kRewind;
  Problems against_rewinding;  // of kCopy
};

// Of a node that CheckRejoin lets pass.  Without anything in common there is no way but a copy.
RejoinVerdict JudgeRejoin(const RejoinSource& source, const RejoinTarget& target,
                          const std::optional<CommonTimeline>& common);

}  // namespace baton::core
