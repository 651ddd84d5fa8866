// What this server's own WAL says about timelines.
#pragma once

#include <optional>

#include "core/lsn.hpp"

namespace baton::pg {

// Where the timeline left the one before; none on the first, or if its history file is not there.
core::Lsn BeginningOf(core::TimelineId timeline);

// Whether a whole record begins at `at` on that timeline in the local WAL before `end`.
bool HasRecordAt(core::TimelineId timeline, core::Lsn at, core::Lsn end);

// The highest timeline above this one whose history is in pg_wal; 0 if there is none, nullopt if
// that cannot be told.
std::optional<core::TimelineId> NewestHistoryAbove(core::TimelineId timeline);

}  // namespace baton::pg
