// What the steps of a clone share: the two servers, and what was read of them.
#pragma once

#include <map>
#include <string>

#include "core/clone_check.hpp"
#include "helper/clone/clone.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/file.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

class ClonePlace {
 public:
  // Connects to the source; throws if the request is malformed.
  ClonePlace(const CloneRequest& request, Output& output);

  const CloneRequest& request;
  Output& output;
  const fs::path directory;
  const fs::path passfile;
  const Parameters given;
  bool password_stored = false;
  Connection source;
  core::CloneSource source_facts;
  core::CloneTarget target;
  Programs programs;
  std::string database = "postgres";  // with the extension, on the source
  bool slot_lost = false;             // the node's slot is there, and of no use

  void ReadSource();
  void ReadTarget();

  // Those that were given by --set.
  std::map<std::string, std::string> ParsedSettings() const;
  // A number in the new server's configuration, read as the server itself will.
  std::string OwnSetting(const std::string& name) const;

 private:
  // As the role that replicates, unless the administrator said -U.
  Connection Connect();
  void RequireOptions() const;
  void ReadSourceSizes();
  // Where the source's tablespaces are, and where they will be here.
  std::map<std::string, std::string> Tablespaces();
};

}  // namespace baton::helper
