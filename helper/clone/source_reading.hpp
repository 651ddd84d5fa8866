// What a clone wants to know of its source before it begins.
#pragma once

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Into the place: facts, settings, tablespaces, slot.  What the role may not see is left unknown.
void ReadCloneSource(ClonePlace& place);

// The five that a standby must not have lower than its primary.
inline constexpr const char* kRequiredSettings[] = {"max_connections", "max_worker_processes",
                                                    "max_wal_senders", "max_prepared_transactions",
                                                    "max_locks_per_transaction"};

}  // namespace baton::helper
