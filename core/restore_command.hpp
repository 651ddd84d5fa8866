// restore_command, which brings a file from the archive, and archive_command, which takes one
// there: what PostgreSQL would run, and for which file (RestoreArchivedFile in
// src/backend/access/transam/xlogarchive.c).
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

// archive_command with %f, %p and %% put in (shell_archive.c of PostgreSQL).
std::string ExpandArchiveCommand(std::string_view command, std::string_view file,
                                 std::string_view path);

// A text that is to stand in either command as it is: each % twice.
std::string WithoutPlaceholders(std::string_view text);

// The restore_command that reads an archive's folder by this project's own program; paths are
// quoted for the shell.
std::string ArchiveGetCommand(std::string_view program, std::string_view directory);

}  // namespace baton::core
