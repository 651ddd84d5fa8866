// Free space of the file systems that hold the data directory's parts, and what waits in its
// archive_status.  May block as long as the storage does.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <string>

#include "core/node_facts.hpp"

namespace baton::pg {

// `path` is relative to the data directory.  Not measured if the system cannot tell.
core::VolumeFacts MeasureVolume(const char* path, std::string_view name);

// Of the data directory and the tablespaces the one with the least free space in proportion.
core::VolumeFacts FullestVolume();

// Files of archive_status that wait for the archiver.
struct ReadyFiles {
  std::int64_t count = -1;  // negative: could not be counted
  TimestampTz oldest = 0;   // 0 if none waits
  std::string oldest_name;
  std::int64_t bytes = 0;
  // Before here all WAL that there was before they were counted is archived; none: not known.
  core::Lsn archived_end;
};
// `end` is where the WAL ended before, on this server; none: not known.
ReadyFiles CountReadyFiles(core::Lsn end);

}  // namespace baton::pg
