// Proves that what this primary archives can be got back: a record goes into the archive with its
// segment, and restore_command brings the segment back.  Called by a backend; interruptible.
#pragma once

#include <chrono>
#include <vector>

#include "core/archive_round_trip.hpp"

namespace baton {

// Takes `limit` at most, whatever hangs.  Writes nothing on a standby and at a closed gate, and
// leaves nothing behind but the record and a segment that ended early.
std::vector<core::RoundTripStep> TryArchiveRoundTrip(std::chrono::milliseconds limit);

}  // namespace baton
