// Connection strings of registered nodes: parsed by libpq, and never with a password in them.
#pragma once

#include <string>
#include <string_view>

namespace baton {

struct Endpoint {
  std::string host;  // empty if the string names none
  std::string port;  // "5432" if the string names none

  bool operator==(const Endpoint&) const = default;
};

// Where a connection string leads; empty host and port if it cannot be parsed.
Endpoint EndpointOf(const std::string& conninfo);

// Throws kInvalidName, with detail and hint, for a string that libpq does not understand, that
// names no host, or that has a password in it.
void RequireRegistrable(const std::string& conninfo);

}  // namespace baton
