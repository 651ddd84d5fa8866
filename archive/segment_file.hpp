// One file of an archive that holds a segment of WAL, read from beginning to end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "archive/open_file.hpp"
#include "core/archive_name.hpp"
#include "core/timeline_history.hpp"
#include "core/wal_segment.hpp"

namespace baton::archive {

// What is wrong with it.
struct FileFault {
  std::string kind;     // as a finding's; empty if nothing is
  std::string message;  // as a finding's
  // It is not this archive's segment at all, so its name says nothing of what should be there.
  bool is_alien = false;
  // Its WAL ends in it, without damage.
  bool is_unfinished = false;
};

struct SegmentQuestion {
  std::string name;  // the segment's, 24 digits
  core::SegmentOrigin origin;
  core::TimelineHistory history;  // empty if not known
  core::Lsn may_end_at;           // as core::WalWalk has it
};

// Whether `path` is a file that can be looked at; links are followed, and told of by `LinkFault`.
FileFault EntryFault(const fs::path& path);
// A link that leads out of the folder; no fault for what is none.
FileFault LinkFault(const fs::path& path, const fs::path& folder);
// By size alone; packed files have any.
FileFault SizeFault(const fs::path& path, core::Packing packing, std::uint64_t segment_bytes);
// Reads it all; `pause` is called between pieces, and may throw.
FileFault ContentFault(const fs::path& path, core::Packing packing, const SegmentQuestion& question,
                       const std::function<void()>& pause);

// The first bytes, unpacked; fewer if there are no more.  Throws kFailed, kNotFound or kRefused.
std::string HeadOf(const fs::path& path, core::Packing packing, std::size_t bytes);

bool HaveSameContent(const fs::path& one, core::Packing packing, const fs::path& other,
                     core::Packing other_packing, const std::function<void()>& pause);

// A failure to read as a finding; rethrows what is none of the file's.
FileFault FaultOf(const core::Error& error);

}  // namespace baton::archive
