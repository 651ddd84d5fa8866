// Where a server could listen on this host.
#pragma once

#include <optional>
#include <string>

namespace baton::helper {

// Tries it at all addresses of this host, as PostgreSQL would, and lets go of it at once; nullopt
// where that tells nothing, as of port 0.
std::optional<bool> IsPortFree(int port);

// Whether this host has the address, 10.0.0.2 or fd00::2; nullopt for what is none, such as a name.
std::optional<bool> IsOwnAddress(const std::string& address);

}  // namespace baton::helper
