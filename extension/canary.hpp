// The proof that replication works end to end: a row written here, in a transaction of its own, and
// looked for on each registered standby.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"

namespace baton {

struct CanarySighting {
  std::string name;
  core::Lsn written;            // end of the commit on the primary
  TimestampTz readable_at = 0;  // by this machine's clock; 0 if it was not seen
  std::optional<std::chrono::microseconds> elapsed;  // from the commit to the reading
  std::string reason;                                // why it was not seen
};

// Writes the row and asks every registered standby for it until it is there or `limit` is over.
// Throws kWrongState on a standby, and where no standby is registered.  Interruptible.
std::vector<CanarySighting> VerifyReplication(std::chrono::milliseconds limit);

}  // namespace baton
