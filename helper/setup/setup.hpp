// What the steps of setup-primary share: the request, the server, where it is, and what has been
// said to change.
#pragma once

#include <string>

#include "helper/server/connection.hpp"
#include "helper/setup/setup_primary.hpp"
#include "helper/system/file.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Where the server has its things, as it says itself.
struct ServerPlaces {
  fs::path data_directory;
  fs::path hba_file;
  std::string port;
  std::string database = "postgres";  // with the extension and the registry
  Programs programs;                  // bindir is empty if none were found
};

class Setup {
 public:
  // Connects.  Throws kUsage for bad input before that.
  Setup(const SetupRequest& given, Output& output);

  // Says what is being changed, once; in a dry run, what would be.
  void Change(const std::string& text);
  bool changed() const { return changed_; }
  bool dry_run() const { return request.dry_run; }
  void Reload() { server.Run("SELECT pg_reload_conf()"); }
  // Anew, after a restart.
  void Reconnect() { server = Connect(); }

  const SetupRequest& request;
  Output& output;
  const fs::path passfile;
  Connection server;
  ServerPlaces places;

 private:
  Connection Connect() const;

  bool changed_ = false;
};

}  // namespace baton::helper
