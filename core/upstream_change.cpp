#include "core/upstream_change.hpp"

namespace baton::core {

UpstreamStep NextStep(const UpstreamChangeFacts& facts) {
  if (!facts.is_standby || facts.promoting) return UpstreamStep::kPromoted;
  if (facts.changed && facts.streams) return UpstreamStep::kDone;
  if (facts.time_is_over) {
    if (!facts.changed) return UpstreamStep::kGiveUp;
    return facts.streamed_before ? UpstreamStep::kGoBack : UpstreamStep::kStay;
  }
  if (facts.changed) return UpstreamStep::kAwaitStream;
  // From then on the node keeps the WAL that comes in meanwhile.
  if (!facts.has_slot) return UpstreamStep::kMakeSlot;
  return facts.has_wal ? UpstreamStep::kChange : UpstreamStep::kAwaitWal;
}

}  // namespace baton::core
