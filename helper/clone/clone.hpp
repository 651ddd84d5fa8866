// Makes a standby from a running server, primary or standby.  Everything that could go wrong is
// looked for first; then the copy grows in a directory that no server can start, and is handed over
// when it is whole.
#pragma once

#include <string>
#include <vector>

#include "helper/cli.hpp"
#include "helper/command/server_options.hpp"

namespace baton::helper {

struct CloneRequest {
  ConnectionOptions connection;  // to the source
  std::string upstream;          // name of the node from which it will stream; empty: the source
  ServerOptions server;
  bool create_cluster = false;  // make that of `server`, if it is not there
  bool move_aside = false;      // what is in the data directory
  std::string node_name;
  std::string advertise;                 // address by which the other nodes reach the new server
  std::vector<std::string> settings;     // "name=value"
  std::vector<std::string> tablespaces;  // "OLD=NEW"
  std::string config = "keep";           // of this host, or "copy": the source's is taken over
  std::string checkpoint = "fast";
  std::string max_rate;     // empty: none
  std::string compression;  // over the wire; empty: none
  std::string waldir;       // empty: pg_wal in the data directory
  std::string delay;        // of replay, as recovery_min_apply_delay; empty: none
  bool verify = false;      // the copy against its manifest
  bool dry_run = false;
};

// Returns when the node streams, or, with no_start, when it is ready to be started.  Whatever it
// throws, no server starts from a directory that is not whole, and the same call goes on.
void RunClone(const CloneRequest& request, Output& output);

}  // namespace baton::helper
