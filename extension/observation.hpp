// One look at this server: facts from memory, the control file and SQL, in one transaction.
#pragma once

#include <optional>

#include "core/archive_status.hpp"
#include "sending.hpp"
#include "shared_state.hpp"
#include "slow_facts.hpp"

namespace baton {

// What one look needs from the one before.
struct Memory {
  core::Role role = core::Role::kUnknown;
  core::Lsn replayed;
  core::Instant archive_fed_at{};  // zero if it has not since WAL was streamed
  TimestampTz last_message_at = 0;
  std::optional<core::Instant> looked_at;  // nullopt before the first look
  core::NodeText upstream;                 // the last one known
  SendingMemory sending;
  SlowFacts slow;
  core::ArchiveWatch archive;
};

// Fills facts, history, standbys and slots of `report`, whose history goes on from the look before,
// and `registry`.
void Observe(Memory& memory, Report& report, Registry& registry);

// The parts of the facts that change from moment to moment, for a reader between two looks: what
// the monitor knew, with role, positions, link and lag as they are now.
core::NodeFacts FactsNow(const Report& report);

}  // namespace baton
