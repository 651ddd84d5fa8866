// The options of commands that make a standby on this host and start it.
#pragma once

#include <chrono>
#include <string>

#include "helper/server/server_control.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

struct ServerOptions {
  std::string directory;
  std::string cluster;           // of Debian, "15/main", instead of the two folders
  std::string config_directory;  // empty: the data directory
  std::string passfile;
  std::string bindir;
  std::string start_command;
  std::string log;
  bool no_start = false;
  int timeout_s = 60;

  void AddTo(CLI::App& command);

  std::chrono::seconds timeout() const { return std::chrono::seconds(timeout_s); }
  StartOptions ToStart(const Programs& programs, const std::filesystem::path& data) const {
    return {programs, data, config_directory, log, start_command, timeout()};
  }
};

}  // namespace baton::helper
