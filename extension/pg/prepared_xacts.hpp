// Prepared transactions as they stand in shared memory.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <vector>

namespace baton::pg {

// Those with more subtransactions than their place there has room for.  A standby that meets such a
// one at its start takes no sessions until it has ended (ProcArrayApplyRecoveryInfo in
// src/backend/storage/ipc/procarray.c).  Places that are free again may be among them, so only
// transactions count that are known to be prepared.
std::vector<std::uint32_t> OverflowedPreparedXacts();

}  // namespace baton::pg
