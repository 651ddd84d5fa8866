// Where the source's tablespaces are, or will be, on this host.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/problem.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

struct PlannedTablespace {
  std::string oid;
  std::string on_source;  // path there
  std::string location;   // path here
  bool is_here = false;   // this node has it already
};

// A tablespace that this node has stays where it is; another goes to where one of the `mappings`
// ("OLD=NEW") says, else to the path that it has on the source.
std::vector<PlannedTablespace> PlanTablespaces(Connection& source, const fs::path& directory,
                                               const std::vector<std::string>& mappings);

// New ones whose place is taken, or cannot be made.
core::Problems CheckTablespaces(const std::vector<PlannedTablespace>& tablespaces);

// Makes places and links for the new ones: pg_rewind would link to the source's own path.
void MakeTablespaces(const fs::path& directory, const std::vector<PlannedTablespace>& tablespaces);

// The links of pg_tblspc: oid, and where it leads.  Tablespaces within the data directory have
// none.
std::map<std::string, std::string> TablespaceLinks(const fs::path& directory);

}  // namespace baton::helper
