// What the steps of a clone share: the two servers, and what was read of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clone_check.hpp"
#include "core/clone_note.hpp"
#include "helper/clone/clone.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/file.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// A setting of the source, as pg_settings has it.
struct SourceSetting {
  std::string value;
  bool comes_with_copy = false;  // it stands in postgresql.auto.conf, or there is no other place
};

// A tablespace outside the data directory.
struct PlacedTablespace {
  std::string there;  // on the source
  std::string here;   // where the copy will be
  std::int64_t bytes = 0;
};

class ClonePlace {
 public:
  // Connects to the source; throws if the request is malformed.
  ClonePlace(const CloneRequest& request, Output& output);

  const CloneRequest& request;
  Output& output;
  const fs::path directory;
  const fs::path passfile;
  Parameters given;
  bool password_stored = false;
  Connection source;  // of the copy
  core::CloneSource source_facts;
  core::CloneTarget target;
  Programs programs;
  std::string database = "postgres";         // with the extension, on the source
  std::optional<Connection> other_primary;   // none: the source is the primary
  std::optional<Connection> other_upstream;  // none: the new server will stream from the source
  Parameters way_to_upstream;                // if that is another one
  std::map<std::string, SourceSetting> source_settings;
  std::map<std::string, std::string> required_settings;  // of the primary
  std::vector<PlacedTablespace> tablespaces;
  core::SourceConfiguration source_configuration;
  // Of an earlier clone into the same directory, if what that left is still there.
  std::optional<core::CloneNote> left_over;
  std::int64_t data_bytes = 0;  // of the source, without those tablespaces

  // Has the registry, and the settings that no standby may have lower.
  Connection& primary() { return other_primary ? *other_primary : source; }
  // From there the new server will stream.
  Connection& upstream() { return other_upstream ? *other_upstream : source; }

  // Whether the files of the source are open to its group.
  bool GroupMayRead() { return source.Value("SHOW data_directory_mode") == "0750"; }
  // Those that were given by --set.
  std::map<std::string, std::string> ParsedSettings() const;
  // Folder of postgresql.conf; empty: it comes with the copy.
  fs::path Configuration() const { return request.server.config_directory; }
  bool TakesConfiguration() const { return request.config == "copy"; }  // of the source
  // A number in the new server's configuration, read as the server itself will.
  std::string OwnSetting(const std::string& name) const;

 private:
  // As the role that replicates, unless the administrator said -U.
  Connection Connect();
  void RequireOptions() const;
};

}  // namespace baton::helper
