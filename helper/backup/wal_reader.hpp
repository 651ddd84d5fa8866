// The WAL of a server that is down, as its own pg_waldump reads it.  Segments may lie in several
// folders, such as pg_wal and what was saved from it, and on several timelines: pg_waldump reads
// one folder and one timeline, so it is given links to the files that continue each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"
#include "core/timeline_history.hpp"
#include "core/wal_dump.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Where segments and history files lie; of a file that is in several, the first counts.
class WalFolders {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): most callers have one folder.
  WalFolders(std::filesystem::path folder) : folders_{std::move(folder)} {}
  explicit WalFolders(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  std::optional<std::filesystem::path> Find(const std::string& name) const;
  const std::vector<std::filesystem::path>& all() const { return folders_; }

 private:
  std::vector<std::filesystem::path> folders_;
};

// From the first page of any segment; throws kFailed if there is none (XLogLongPageHeaderData in
// src/include/access/xlog_internal.h).
core::WalFormat ReadWalFormat(const WalFolders& folders);

// From the timeline's history file; throws kFailed if that is damaged.  Without one, as some
// folders have, the timeline alone.
core::TimelineHistory ReadTimelineHistory(const WalFolders& folders, core::TimelineId timeline);

// Names of the segment files with the WAL from `from` to `to` that are not there.
std::vector<std::string> MissingSegments(const WalFolders& folders,
                                         const core::TimelineHistory& history, core::Lsn from,
                                         core::Lsn to, std::uint64_t segment_bytes);

// Reads from the first record at or after `start` to the end of the WAL on `timeline`, through the
// timelines before it where needed; times are in UTC.  `range_begin` is where the part begins that
// the summary tells about.  Throws kFailed if a segment between is missing, or nothing can be read.
core::WalSummary ReadWal(const Programs& programs, const WalFolders& folders,
                         core::TimelineId timeline, core::Lsn start, core::Lsn range_begin);

struct CheckpointSearch {
  std::optional<core::WalCheckpoint> found;
  std::string missing_segment;  // which ended the search; empty if one was found
};

// The last checkpoint whose record begins before `fork`, in the WAL of `timeline` and those before
// it: where pg_rewind begins to read (findLastCheckpoint in src/bin/pg_rewind/parsexlog.c).  Throws
// kFailed where WAL is there and cannot be read.
CheckpointSearch FindLastCheckpointBefore(const Programs& programs, const WalFolders& folders,
                                          core::TimelineId timeline, core::Lsn fork);

}  // namespace baton::helper
