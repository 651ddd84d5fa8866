// The servers of this host that can be found without being told: Debian's clusters, the directory
// that PGDATA names, and postmasters that run.  Nothing is asked of them here.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "helper/system/file.hpp"

namespace baton::helper {

struct FoundServer {
  std::string cluster;  // of Debian, "15/main"; empty: none
  fs::path data;        // empty: only its configuration says it, or it is hidden from this user
  uid_t owner = 0;      // of the data directory, of the process, or else of the configuration
};

// Those of Debian first, by version and name; one that was found twice is there once.
std::vector<FoundServer> FindLocalServers();

}  // namespace baton::helper
