// The very connections that a standby will make, tried from this host.
#pragma once

#include "helper/setup/setup.hpp"

namespace baton::helper {

// Throws kFailed with the cause, as far as the server's own rules and settings tell it; also where
// the address leads to another server.
void TryNodeConnections(Setup& setup);

}  // namespace baton::helper
