// One look at this server: facts from memory, the control file and SQL, in one transaction.
#pragma once

#include "shared_state.hpp"

namespace baton {

// What one look needs from the one before.
struct Memory {
  core::Role role = core::Role::kUnknown;
  core::Lsn replayed;
  TimestampTz last_message_at = 0;
  core::NodeText upstream;  // the last one known
  FixedList<core::StandbyRow, kMaxNodes> standbys;
};

// Fills facts, history, standbys and registry of `report`, whose history goes on from the look
// before.
void Observe(Memory& memory, Report& report);

// The parts of the facts that change from moment to moment, for a reader between two looks: what
// the monitor knew, with role, positions, link and lag as they are now.
core::NodeFacts FactsNow(const Report& report);

}  // namespace baton
