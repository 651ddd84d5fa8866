#include "helper/rejoin/tablespaces.hpp"

#include <fmt/format.h>

namespace baton::helper {

std::vector<PlannedTablespace> PlanTablespaces(Connection& source, const fs::path& directory,
                                               const std::vector<std::string>& mappings) {
  std::vector<PlannedTablespace> planned;
  const auto here = TablespaceLinks(directory);
  const Result result = source.Query(
      "SELECT oid, pg_tablespace_location(oid) FROM pg_tablespace"
      " WHERE pg_tablespace_location(oid) LIKE '/%'");
  for (int row = 0; row < result.rows(); ++row) {
    PlannedTablespace tablespace{result.Text(row, 0), result.Text(row, 1), result.Text(row, 1),
                                 false};
    for (const std::string& mapping : mappings) {
      if (!mapping.starts_with(tablespace.on_source + "=")) continue;
      tablespace.location = mapping.substr(tablespace.on_source.size() + 1);
    }
    if (const auto known = here.find(tablespace.oid); known != here.end()) {
      tablespace.location = known->second;
      tablespace.is_here = true;
    }
    planned.push_back(tablespace);
  }
  return planned;
}

core::Problems CheckTablespaces(const std::vector<PlannedTablespace>& tablespaces) {
  core::Problems problems;
  for (const PlannedTablespace& tablespace : tablespaces) {
    if (tablespace.is_here) continue;
    const DirectoryFacts there = LookAtDirectory(tablespace.location);
    const bool is_taken = there.exists && !there.is_empty;
    if (!is_taken && IsWritable(ExistingPart(tablespace.location))) continue;
    problems.push_back(
        {fmt::format("directory \"{}\" {}", tablespace.location,
                     is_taken ? "is not empty" : "cannot be made"),
         fmt::format("Tablespace {} of the source would be there; this node does not have it yet.",
                     tablespace.oid),
         fmt::format("Name another place with --tablespace-mapping={}=DIR.",
                     tablespace.on_source)});
  }
  return problems;
}

void MakeTablespaces(const fs::path& directory, const std::vector<PlannedTablespace>& tablespaces) {
  for (const PlannedTablespace& tablespace : tablespaces) {
    if (tablespace.is_here) continue;
    if (fs::create_directories(tablespace.location)) SetMode(tablespace.location, 0700);
    Flush(fs::path(tablespace.location).parent_path());
    fs::create_directory_symlink(tablespace.location, directory / "pg_tblspc" / tablespace.oid);
  }
  Flush(directory / "pg_tblspc");
}

std::map<std::string, std::string> TablespaceLinks(const fs::path& directory) {
  std::map<std::string, std::string> links;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory / "pg_tblspc", error)) {
    if (entry.is_symlink()) links[entry.path().filename()] = fs::read_symlink(entry.path());
  }
  return links;
}

}  // namespace baton::helper
