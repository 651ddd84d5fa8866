// What the steps of setup-primary share: the request, the server, where it is, and what has been
// said to change.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/setup_record.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/server/connection.hpp"
#include "helper/server/local_server.hpp"
#include "helper/setup/setup_primary.hpp"
#include "helper/system/file.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Where the server has its things, as it says itself.
struct ServerPlaces {
  fs::path data_directory;
  fs::path hba_file;     // where it really is, behind links
  fs::path config_file;  // postgresql.conf
  std::string port;
  std::string database = "postgres";  // with the extension and the registry
  Programs programs;                  // bindir is empty if none were found
};

// How the other nodes get into this one.
struct NodeLogin {
  Parameters tls;  // of their connection strings
  HbaStyle style;
};

class Setup {
 public:
  // Connects.  Throws kUsage for bad input before that.
  Setup(const SetupRequest& given, Output& output);

  // Says what is being changed, once; in a dry run, what would be.
  void Change(const std::string& text);
  bool changed() const { return changed_; }
  bool dry_run() const { return request.dry_run; }
  // A difference between two versions of a file, which in JSON is the result called `name`.
  void ShowDiff(const std::string& name, std::string diff);

  // What an earlier run has entered for this node; none if there is none.
  std::optional<core::SetupRecord> OwnRecord();
  // Before a change: enters it into the record, durably, so that it can be put back.  Not in a dry
  // run.
  void Remember(const std::function<void(core::SetupRecord& record)>& enter);

  std::string SystemIdentifier() {
    return server.Value("SELECT system_identifier FROM pg_control_system()");
  }
  void Reload() { server.Run("SELECT pg_reload_conf()"); }
  // Anew, after a restart.
  void Reconnect() { server = Connect(); }

  const SetupRequest& request;
  Output& output;
  const fs::path passfile;
  const std::optional<LocalServer> local_server;  // where the request names it by its place
  Connection server;
  ServerPlaces places;
  NodeLogin login;

 private:
  Connection Connect() const;

  bool changed_ = false;
  std::optional<core::SetupRecord> record_;
};

}  // namespace baton::helper
