// Whether a server could listen at a port of this host.
#pragma once

#include <optional>

namespace baton::helper {

// Tries it at all addresses of this host, as PostgreSQL would, and lets go of it at once; nullopt
// where that tells nothing, as of port 0.
std::optional<bool> IsPortFree(int port);

}  // namespace baton::helper
