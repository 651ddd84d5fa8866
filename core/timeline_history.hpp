// The timelines that led to one, each with the WAL that belongs to it, and where two such histories
// part.  A number alone does not name a timeline: two servers that were promoted from the same one
// both choose the next number; where it begins tells them apart.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/lsn.hpp"

namespace baton::core {

struct TimelineEntry {
  TimelineId timeline = 0;
  Lsn begin;  // none on a timeline that was left for no other before it, as the first
  Lsn end;    // where it was left for the next one; none on the last, which may go on

  bool operator==(const TimelineEntry&) const = default;
};

// Oldest first; the last one is the timeline whose history this is.
using TimelineHistory = std::vector<TimelineEntry>;

// Reads the history file of a timeline; the first timeline has none, which is an empty file.
// Returns nullopt for what the server takes for damaged, and for an entry that ends before it
// begins (readTimeLineHistory in src/backend/access/transam/timeline.c).
std::optional<TimelineHistory> ParseTimelineHistory(std::string_view file, TimelineId timeline);

// The last timeline that two histories have in common.
struct CommonTimeline {
  TimelineId timeline = 0;
  Lsn end;  // of what is the same on both; none if they have not parted: both go on with it

  bool operator==(const CommonTimeline&) const = default;
};

// None if not even the first timeline is the same.  Of histories where one is a part of the other,
// the end is where that other one left it (findCommonAncestorTimeline in src/bin/pg_rewind).
std::optional<CommonTimeline> FindCommonTimeline(const TimelineHistory& one,
                                                 const TimelineHistory& other);

// The timeline in whose name the segment file stands that has the WAL up to `segment_end`: the
// newest that begins before, because the part of a segment that was written on the timeline before
// is copied into the new one's first file.  0 for an empty history.
TimelineId TimelineOfSegment(const TimelineHistory& history, Lsn segment_end);

}  // namespace baton::core
