#include "helper/next_step/local_servers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>
#include <sys/stat.h>

#include "helper/prestart/starting_place.hpp"
#include "helper/server/debian_cluster.hpp"

namespace baton::helper {
namespace {

std::optional<uid_t> OwnerOf(const fs::path& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return found.st_uid;
}

std::vector<fs::path> FoldersIn(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

void AddClusters(std::vector<FoundServer>& servers) {
  for (const fs::path& version : FoldersIn(ClusterRoot())) {
    for (const fs::path& folder : FoldersIn(version)) {
      if (!fs::exists(folder / "postgresql.conf")) continue;
      const std::string cluster = version.filename().string() + "/" + folder.filename().string();
      servers.push_back({cluster, "", OwnerOf(folder).value_or(0)});
    }
  }
}

void AddDirectory(std::vector<FoundServer>& servers) {
  const char* const named = std::getenv("PGDATA");
  if (named == nullptr || *named == '\0') return;
  const fs::path data = PlainPath(named);
  if (const auto owner = OwnerOf(data)) servers.push_back({"", data, *owner});
}

// Its parent, from /proc/PID/stat, where the name in parentheses stands before it.
int ParentOf(const fs::path& process) {
  const std::string stat = ReadFileIfThere(process / "stat").value_or("");
  const std::size_t end = stat.rfind(')');
  int parent = 0;
  if (end == std::string::npos || end + 4 >= stat.size()) return parent;
  std::from_chars(stat.data() + end + 4, stat.data() + stat.size(), parent);
  return parent;
}

bool IsPostgres(const fs::path& process) {
  return ReadFileIfThere(process / "comm").value_or("") == "postgres\n";
}

// A postmaster works in its data directory, and its parent is no postgres.
void AddPostmasters(std::vector<FoundServer>& servers) {
  const fs::path processes = "/proc";
  for (const fs::path& process : FoldersIn(processes)) {
    const std::string pid = process.filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !IsPostgres(process)) continue;
    if (IsPostgres(processes / std::to_string(ParentOf(process)))) continue;
    std::error_code error;
    const fs::path data = fs::read_symlink(process / "cwd", error);
    // It has ended, and its parent has not taken notice yet.
    if (error == std::errc::no_such_file_or_directory) continue;
    const auto owner = OwnerOf(process);
    if (!owner || (!error && !fs::exists(data / "PG_VERSION", error))) continue;
    servers.push_back({"", data, *owner});
  }
}

}  // namespace

std::vector<FoundServer> FindLocalServers() {
  std::vector<FoundServer> servers;
  AddClusters(servers);
  AddDirectory(servers);
  AddPostmasters(servers);
  return servers;
}

}  // namespace baton::helper
