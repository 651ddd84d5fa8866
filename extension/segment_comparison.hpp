// What came back from the archive, byte by byte beside what is in pg_wal.
#pragma once

#include <string>

#include "core/archive_round_trip.hpp"

namespace baton {

// Of a segment that may be removed or used anew in pg_wal at any moment: then it is kGone.  Holds a
// few hundred kilobytes of memory.
core::Comparison CompareSegment(const std::string& segment, const std::string& in_pg_wal,
                                const std::string& brought);

}  // namespace baton
