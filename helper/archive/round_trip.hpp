// The archive's round trip, as the primary itself makes it, told to people.
#pragma once

#include <chrono>

#include "helper/output.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// Calls baton.archive_round_trip(), tells each step, and returns the exit code: 0 if all steps are
// ok or warnings, 3 if one is critical, 1 if one could not be judged.  After SIGINT it throws
// kInterrupted, and the server ends its part.
int RunRoundTrip(Connection& server, std::chrono::seconds timeout, Output& output);

}  // namespace baton::helper
