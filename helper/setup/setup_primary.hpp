// Makes a running server ready to have standbys.  Reads what is, decides what has to change, shows
// it, changes it; where nothing has to, it changes nothing.
#pragma once

#include <string>
#include <vector>

#include "helper/cli.hpp"

namespace baton::helper {

struct SetupRequest {
  ConnectionOptions connection;
  // The server by its place on this host, instead of a host and a port; at most one of the two.
  std::string directory;  // of the data, or of postgresql.conf
  std::string cluster;    // of Debian, "15/main"
  std::string node_name;
  std::string advertise;
  std::vector<std::string> allow;
  int standbys = 0;      // that it is to have; 0: not said
  std::string passfile;  // empty: libpq's default
  bool ask_node_password = false;
  std::string tls;                   // sslmode of connections to this node; empty: as it is now
  std::string tls_root;              // file that all hosts have, with the authority's certificate
  bool client_certificates = false;  // instead of passwords
  bool new_password = false;         // of baton_node, whatever it has now
  std::string archive_directory;     // empty: archiving is left as it is
  std::string archive_compression;   // empty: left as it is
  bool restart = false;
  std::string restart_command;  // instead of pg_ctl; empty: none
  std::string bindir;
  int timeout_s = 60;  // for the restart
  bool undo = false;   // put back what an earlier run changed; needs no names and addresses
  bool force = false;  // undo while standbys stream
  bool dry_run = false;
};

// Returns when the server is ready, or when it first has to be restarted and that was not asked
// for.  Throws core::Refusal, and changes nothing, where a check says no.
void RunSetupPrimary(const SetupRequest& request, Output& output);

}  // namespace baton::helper
