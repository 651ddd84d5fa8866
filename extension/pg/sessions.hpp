// The sessions of this server, as its memory has them: no table is read, and no lock waited for
// that a session could hold for long.  Any process with shared memory.
#pragma once

#include <string_view>

#include "core/lsn.hpp"

namespace baton::pg {

// Tells the sessions of clients to end, and with them what writes without one: autovacuum, and
// workers of other libraries.  Returns how many sessions of clients there still were.
int EndSessions();

// How far the standby of this name has confirmed to have replayed WAL; none if it is not connected.
core::Lsn ReplayedBy(std::string_view standby);

// Whether a transaction has more subtransactions than a snapshot for standbys can list; a prepared
// one may.  A standby that begins there lets nobody in until it ends.
bool HasOverflowedTransaction();

// Writes such a snapshot and makes it durable; returns where its record ends.
core::Lsn LogSnapshot();

}  // namespace baton::pg
