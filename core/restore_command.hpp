// restore_command, which brings a file from the archive: what PostgreSQL would run, and for which
// file (RestoreArchivedFile in src/backend/access/transam/xlogarchive.c).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

// Name of the segment that has the byte at `lsn`, in segments of `segment_bytes`.
std::string SegmentName(TimelineId timeline, Lsn lsn, std::uint64_t segment_bytes);
std::string HistoryName(TimelineId timeline);

// The command with %f, %p and %% put in.  For %r, the oldest file that is still needed, it has one
// before all others, so that no command deletes anything.  Other placeholders stay.
std::string ExpandRestoreCommand(std::string_view command, std::string_view file,
                                 std::string_view path);

}  // namespace baton::core
