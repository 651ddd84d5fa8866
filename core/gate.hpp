// The write gate: may this server acknowledge a commit?  Every backend asks these functions, with
// what stands in shared memory and its own clock, so that no process has to be alive for the gate
// to close when its time is over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/lag_history.hpp"

namespace baton::core {

// Reasons are a set: the gate is open when it is empty, and only a reason's owner removes it.
enum class GateReason : std::uint32_t {
  kFencedByHand = 1,     // baton.fence(); durable
  kQuarantine = 2,       // a primary has started, and its peers have not said yet who they are
  kAnotherPrimary = 4,   // a peer holds the baton; durable
  kSwitchover = 8,       // roles are being swapped
  kNoLease = 16,         // for a lease store
  kIsolated = 32,        // too few of the other nodes were heard from; never in `reasons`
  kStateUnreadable = 64  // what was kept about the other reasons could not be read
};
using GateReasons = std::uint32_t;  // GateReason values, or-ed

inline constexpr Instant kNever = Instant::max();

// One reading of the gate.
struct GateWords {
  GateReasons reasons = 0;
  Instant quarantine_ends = kNever;   // from then on quarantine counts no longer
  Instant isolation_begins = kNever;  // from then on the node is isolated, unless this is moved
  Instant doubt_begins = kNever;      // from then on nobody has looked around for too long
  Instant waits_until{};  // until then who meets kWaitable alone waits, and does not fail
};

// Reasons for which a commit waits a while: each of them is likely to be over soon.
inline constexpr GateReasons kWaitable = static_cast<GateReasons>(GateReason::kQuarantine) |
                                         static_cast<GateReasons>(GateReason::kSwitchover);

inline constexpr GateReasons kAllReasons = ~GateReasons{0};

constexpr bool Has(GateReasons reasons, GateReason reason) {
  return (reasons & static_cast<GateReasons>(reason)) != 0;
}

// The two moments at which a commit passes: before it is written, and when it is durable and the
// client is to be told.
enum class GateCheck { kBeforeCommit, kBeforeAnswer };
enum class Passage {
  kPass,
  kWait,   // until it passes or is refused
  kDoubt,  // until somebody has looked around, for kLongestDoubt at most, and then ask again
  kRefuse,
};

// A server that hung as a whole and goes on would acknowledge what it had begun, while another one
// was promoted meanwhile.  Its commits wait until its observer has asked the other nodes again.  An
// observer that does not come back must not stop a healthy server: then it goes on in doubt.
inline constexpr auto kLongestDoubt = std::chrono::seconds(4);

// The reasons that count at `now`.
GateReasons ReasonsAt(const GateWords& words, Instant now);
Passage JudgePassage(const GateWords& words, GateCheck check, Instant now);

// "open", "waiting" or "closed", as a commit would find it.
std::string_view GateText(const GateWords& words, Instant now);
// As in baton.node_status.gate_reasons: "fenced by hand", "quarantine", ...
std::vector<std::string_view> ReasonTexts(GateReasons reasons);

}  // namespace baton::core
