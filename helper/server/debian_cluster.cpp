#include "helper/server/debian_cluster.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "core/error.hpp"

namespace baton::helper {

namespace fs = std::filesystem;

std::pair<std::string, std::string> ParseCluster(const std::string& cluster) {
  const auto end = cluster.find_first_of("/-");
  const std::string version = cluster.substr(0, end);
  const std::string name = end == std::string::npos ? "" : cluster.substr(end + 1);
  const bool is_version =
      !version.empty() && std::all_of(version.begin(), version.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (is_version && !name.empty() && name.find('/') == std::string::npos && name.front() != '.') {
    return {version, name};
  }
  throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid cluster \"{}\"", cluster), "",
                    "Write it as 15/main or 15-main.");
}

fs::path ClusterRoot() {
  // As PgCommon.pm of Debian's postgresql-common has it.
  const char* const root = std::getenv("PG_CLUSTER_CONF_ROOT");
  return root == nullptr || *root == '\0' ? "/etc/postgresql" : root;
}

fs::path ConfigurationOf(const std::string& cluster) {
  const auto [version, name] = ParseCluster(cluster);
  fs::path folder = ClusterRoot() / version / name;
  if (fs::exists(folder / "postgresql.conf")) return folder;
  throw core::Error(core::ErrorCode::kNotFound,
                    fmt::format("cluster \"{}\" does not exist", cluster),
                    fmt::format("There is no \"{}\".", (folder / "postgresql.conf").string()),
                    "pg_lsclusters shows those that there are.");
}

}  // namespace baton::helper
