// Where the server that is about to start has its data, its configuration and its programs.
#pragma once

#include <string>
#include <vector>

#include "helper/prestart/prestart.hpp"
#include "helper/rejoin/rejoin.hpp"
#include "helper/server/own_settings.hpp"

namespace baton::helper {

struct StartingPlace {
  fs::path directory;      // of the data
  fs::path configuration;  // folder of postgresql.conf; empty: the data directory
  bool has_data = false;   // there is a PG_VERSION
  bool is_foreign = false;
  Programs programs;                   // none are looked for where there is no data
  std::vector<std::string> arguments;  // of postgres
};

// Throws kUsage if the options do not go together, kNotFound for a cluster that Debian does not
// have, kFailed if PostgreSQL's programs or the configuration cannot be found.
StartingPlace FindPlace(const PrestartOptions& options);

// Throws kUsage if the server would use another data directory than this, kFailed if its
// configuration cannot be read.
void RequireSameDirectory(const StartingPlace& place);

// The folder that a server's options name by config_file; empty if they name none.
fs::path ConfigurationIn(const std::vector<std::string>& server_arguments);

}  // namespace baton::helper
