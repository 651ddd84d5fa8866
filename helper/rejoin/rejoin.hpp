// Brings a stopped node back as a standby of the present primary: it simply follows where it has
// nothing of its own, is rewound where it has, and is copied anew where that is impossible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "helper/cli.hpp"
#include "helper/command/server_options.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

enum class RejoinMethod {
  kAuto,    // pg_rewind where it is possible, else a new copy
  kRewind,  // never a new copy
  kCopy,    // always a new copy
};

struct RejoinRequest {
  ConnectionOptions connection;  // to the primary
  ServerOptions server;
  std::string node_name;                 // empty: pg_baton.node_name of its configuration
  std::vector<std::string> tablespaces;  // "OLD=NEW", for those that this host does not have yet
  std::string work_directory;            // empty: beside the data directory
  RejoinMethod method = RejoinMethod::kAuto;
  bool keep_old = false;  // the old directory, where a new copy replaced it
  bool dry_run = false;
};

// Returns when the node streams, or, with no_start, when it is ready to be started.  Whatever it
// throws, no server starts from a directory that is not whole; the same call goes on from there.
void RunRejoin(const RejoinRequest& request, Output& output);

// A rejoin or clone of this directory that was cut short, so that no server starts from it; nullopt
// if there is none.  What is not known is empty.
struct UnfinishedRejoin {
  std::string node_name;
  std::string system_identifier;
  fs::path own_files;  // where this server's own files are meanwhile
};
std::optional<UnfinishedRejoin> FindUnfinishedRejoin(const fs::path& directory,
                                                     const std::string& work_directory);

}  // namespace baton::helper
