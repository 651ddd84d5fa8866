// A running server of this host, found by its directory or by Debian's name, and the way into it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "helper/server/conninfo.hpp"

namespace baton::helper {

struct LocalServer {
  std::filesystem::path data_directory;
  Parameters
      address;  // host and port: its socket if it has one, else an address that it listens on
};

// `directory` is that of the data, or of postgresql.conf where that is another; or `cluster` is its
// name on Debian.  Throws kUsage or kNotFound if there is no such place, kWrongState if its server
// does not run.  An empty `bindir` is looked for.
LocalServer FindLocalServer(const std::string& directory, const std::string& cluster,
                            const std::string& bindir);

// From the text of postmaster.pid (src/include/utils/pidfile.h); nullopt if lines are missing, as
// while the server starts.
std::optional<Parameters> AddressInPidFile(const std::string& text);

}  // namespace baton::helper
