// Connection strings of registered nodes: parsed by libpq, and never with a password in them.
#pragma once

#include <string>
#include <string_view>

namespace baton {

// The role by which nodes reach each other; every server of the cluster has it.
inline constexpr const char* kNodeRole = "baton_node";

struct Endpoint {
  std::string host;  // empty if the string names none
  std::string port;  // "5432" if the string names none

  bool operator==(const Endpoint&) const = default;
};

// Where a connection string leads; empty host and port if it cannot be parsed.
Endpoint EndpointOf(const std::string& conninfo);

// `conninfo` with host, address and port of `to`, and with what that says of TLS, if it does; all
// else as it is.  Empty if one of them cannot be parsed.
std::string Redirected(const std::string& conninfo, const std::string& to);

// For a standby named `standby` that streams from the node registered with `to`: as baton_node, and
// with this password file unless it is empty.  Empty if `to` cannot be parsed.
std::string ReplicationConninfo(const std::string& to, std::string_view standby,
                                std::string_view passfile);

// Throws kInvalidName, with detail and hint, for a string that libpq does not understand, that
// names no host, that is too long for the registry in shared memory, or that has more in it than
// the way to the node: a password, another user, files.
void RequireRegistrable(const std::string& conninfo);

}  // namespace baton
