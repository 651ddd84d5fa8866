// Fetches the next segments while the server replays one: a process of its own in the background,
// which ends by itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/wal_segment.hpp"
#include "helper/archive/spool.hpp"

namespace baton::helper {

// As many segments stay free on the spool's file system, where the server's own WAL may be.
inline constexpr int kSegmentsLeftFree = 16;

struct PrefetchPlan {
  std::vector<std::filesystem::path> archives;  // absolute; the first that has a segment whole
  std::string after;                            // name of the segment that was asked for
  std::uint64_t segment_bytes = 0;
  int count = 0;                    // of segments that may lie in the spool
  int jobs = 1;                     // so many at a time
  std::chrono::seconds limit{300};  // after which it is ended; zero: it may take for ever
};

// The names of the next `count` segments of the same timeline.
std::vector<std::string> NextSegments(const std::string& name, std::uint64_t segment_bytes,
                                      int count);

// Removes from the spool what will not be asked for, and starts fetching what is missing, unless
// half of it is there or somebody is at it; returns at once.  The process has none of the caller's
// descriptors, belongs to no session of it and ends with exit code 0 whatever happens: what cannot
// be fetched before is fetched, and complained of, when it is asked for.  Throws kFailed where the
// spool cannot be made.  The caller has no other thread.
void StartPrefetch(const Spool& spool, const PrefetchPlan& plan);

}  // namespace baton::helper
