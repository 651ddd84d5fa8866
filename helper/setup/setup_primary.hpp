// Makes a running server ready to have standbys.  Reads what is, decides what has to change, shows
// it, changes it; where nothing has to, it changes nothing.
#pragma once

#include <string>
#include <vector>

#include "helper/cli.hpp"

namespace baton::helper {

struct SetupRequest {
  ConnectionOptions connection;
  std::string node_name;
  std::string advertise;
  std::vector<std::string> allow;
  std::string passfile;  // empty: libpq's default
  bool ask_node_password = false;
  std::string archive_directory;    // empty: archiving is left as it is
  std::string archive_compression;  // empty: left as it is
  bool restart = false;
  std::string restart_command;  // instead of pg_ctl; empty: none
  std::string bindir;
  int timeout_s = 60;  // for the restart
  bool dry_run = false;
};

// Returns when the server is ready, or when it first has to be restarted and that was not asked
// for.  Throws core::Refusal, and changes nothing, where a check says no.
void RunSetupPrimary(const SetupRequest& request, Output& output);

}  // namespace baton::helper
