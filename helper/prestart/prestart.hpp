// What has to happen before the server of a node starts: the other nodes are asked, and where one
// of them has become the primary meanwhile, this node is made its standby first.
#pragma once

#include <string>
#include <vector>

#include "core/prestart.hpp"
#include "helper/output.hpp"
#include "helper/system/programs.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

struct PrestartOptions {
  std::string directory;
  std::string config_directory;  // empty: the data directory
  std::string cluster;           // of Debian, "15/main" or "15-main"; instead of both
  std::string node_name;
  std::string passfile;
  std::string bindir;
  std::string work_directory;
  int limit_s = 5;
  bool require_answer = false;
  bool allow_clone = false;
  bool dry_run = false;
  // What the server is started with beside -D, where that is known.
  std::vector<std::string> server_arguments;

  void AddTo(CLI::App& command);
};

// How the server is to be started.
struct ServerToStart {
  Programs programs;
  std::vector<std::string> arguments;
};

// Returns when the server may start; throws core::Error or core::Refusal if it must not.  Never
// asks for a password.
ServerToStart Prestart(const PrestartOptions& options, Output& output);

// What Prestart would find, and do.
struct StartOutlook {
  core::StartingNode node;
  core::StartVerdict verdict;
  std::string primary_conninfo;  // of the node to rejoin to; empty: none
};

// Only looks, and says nothing; throws core::Error where Prestart would before it decides.
StartOutlook LookBeforeStart(const PrestartOptions& options);

}  // namespace baton::helper
