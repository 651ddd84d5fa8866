// A cluster as Debian's postgresql-common keeps it: version and name, its configuration in a folder
// of its own below /etc/postgresql.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

namespace baton::helper {

// "15/main" and "15-main" as version and name; throws kUsage for anything else.
std::pair<std::string, std::string> ParseCluster(const std::string& cluster);

// The folder with the configurations of all clusters.
std::filesystem::path ClusterRoot();

// The folder of its postgresql.conf; throws kUsage as above, kNotFound if there is none.
std::filesystem::path ConfigurationOf(const std::string& cluster);

}  // namespace baton::helper
