// What a server has to do after it became the primary, besides writing: each step is tried until it
// is done, and one that fails keeps none of the others waiting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/lag_history.hpp"
#include "core/node_facts.hpp"
#include "core/reign.hpp"

namespace baton::core {

// In their order: slots keep WAL that the checkpoint would remove.
enum class SuccessionStep : std::size_t {
  kSlots,         // for the standbys that will come here
  kCheckpoint,    // so that the control file has the new timeline, which pg_rewind looks for
  kSyncNames,     // synchronous_standby_names must not name this node
  kRegistration,  // this node must be registered, or no other will find it
  kRecord,        // the row in baton.reign
};
inline constexpr std::size_t kSuccessionSteps = 5;

// What is left to do, and when.  An attempt is entered before it is made: it may end the process.
class Succession {
 public:
  // All steps of a promotion; for a server that was the primary all the time, the record alone.
  static Succession OfPromotion() { return {}; }
  static Succession OfStart();
  static Succession OfNothing();

  // Steps that need the registry wait until it can be read, without an attempt.
  std::optional<SuccessionStep> Next(Instant now, bool registry_readable = true) const;
  void Attempt(SuccessionStep step, Instant now);
  void Done(SuccessionStep step);
  bool IsDone() const;
  std::uint32_t Attempts(SuccessionStep step) const { return At(step).attempts; }

 private:
  struct Entry {
    bool done = false;
    std::uint32_t attempts = 0;
    Instant not_before{};
  };
  Entry& At(SuccessionStep step) { return entries_[static_cast<std::size_t>(step)]; }
  const Entry& At(SuccessionStep step) const { return entries_[static_cast<std::size_t>(step)]; }

  std::array<Entry, kSuccessionSteps> entries_{};
};

struct SlotPlan {
  std::vector<std::string> wanted;   // to be made
  std::vector<std::string> no_room;  // would be too, if there were room
};
// Slots for the registered nodes but this one and the former primary, which comes back by rejoin
// if at all, and would hold back WAL until then.
SlotPlan PlanSlots(const std::vector<std::string>& nodes, std::string_view own,
                   std::string_view former_primary, const std::vector<std::string>& slots,
                   int most_slots);

struct Message {
  std::string message;
  std::string detail;
};
// The event of a promotion.
Message PromotionMessage(const Reign& reign, std::string_view former_primary,
                         std::optional<std::int64_t> missing_bytes, bool forced);

}  // namespace baton::core
