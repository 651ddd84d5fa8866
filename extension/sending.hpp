// A sending server's part of a look: who streams from here, which slots there are, and what they
// hold back.
#pragma once

#include <map>
#include <string>

#include "pg/query.hpp"
#include "shared_state.hpp"

namespace baton {

// What one look needs from the one before.
struct SendingMemory {
  FixedList<core::StandbyRow, kMaxNodes> standbys;
  std::map<std::string, TimestampTz> inactive_since;  // where the server does not tell
};

// Fills standbys and slots of `report`, and the facts about them.  `end` is the end of this
// server's WAL; role, upstream and history of the report are those of this look.
void LookAtSending(pg::Spi& spi, const Registry& registry, core::Lsn end, SendingMemory& memory,
                   Report& report);

}  // namespace baton
