#include "helper/clone/debian_cluster.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "core/error.hpp"
#include "helper/prestart/starting_place.hpp"
#include "helper/server/debian_cluster.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

DebianCluster::DebianCluster(const std::string& name) {
  std::tie(version_, name_) = ParseCluster(name);
}

fs::path DebianCluster::configuration() const { return ClusterRoot() / version_ / name_; }

fs::path DebianCluster::usual_directory() const {
  return fs::path("/var/lib/postgresql") / version_ / name_;
}

bool DebianCluster::exists() const { return fs::exists(configuration() / "postgresql.conf"); }

void DebianCluster::Create(const fs::path& directory, const std::string& log) const {
  const DirectoryFacts before = LookAtDirectory(directory);
  if (before.exists && !before.is_empty) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("directory \"{}\" is not empty", directory.string()),
                      "pg_createcluster would take it for the data of the new cluster.",
                      "Move it aside with --move-aside.");
  }
  std::vector<std::string> words = {"/usr/bin/pg_createcluster", "-d", directory.string()};
  if (!log.empty()) words.insert(words.end(), {"-l", fs::absolute(log).string()});
  words.insert(words.end(), {version_, name_});
  const ProcessResult result = RunProcess(words);
  if (result.exit_code != 0) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not create cluster \"{}\"", text()), result.output,
                      "Is postgresql-common installed, and may this user write there?");
  }
  EmptyDirectory(directory);
}

std::string DebianCluster::StartCommand(const std::string& bindir) const {
  std::vector<std::string> words = {"/usr/bin/pg_ctlcluster"};
  if (!bindir.empty()) words.push_back("--bindir=" + bindir);
  words.insert(words.end(), {version_, name_, "start"});
  return CommandText(words);
}

void DebianCluster::FillIn(ServerOptions& server) const {
  if (exists()) {
    PrestartOptions place;
    place.cluster = text();
    place.bindir = server.bindir;
    const StartingPlace found = FindPlace(place);
    const bool is_another =
        !server.directory.empty() && PlainPath(server.directory) != found.directory;
    if (is_another || !server.config_directory.empty()) {
      throw core::Error(core::ErrorCode::kUsage,
                        fmt::format("cluster \"{}\" has folders of its own", text()),
                        fmt::format("Its data are in \"{}\".", found.directory.string()),
                        "Leave out -D, PGDATA and --config-dir.");
    }
    server.directory = found.directory.string();
  } else if (server.directory.empty()) {
    server.directory = usual_directory().string();
  }
  server.config_directory = configuration().string();
  if (server.start_command.empty()) server.start_command = StartCommand(server.bindir);
}

void DebianCluster::Require(const std::string& hint) const {
  if (exists()) return;
  throw core::Error(
      core::ErrorCode::kNotFound, fmt::format("cluster \"{}\" does not exist", text()),
      fmt::format("There is no \"{}\".", (configuration() / "postgresql.conf").string()), hint);
}

void FillInCluster(ServerOptions& server) {
  if (!server.cluster.empty()) {
    const DebianCluster found(server.cluster);
    found.Require("pg_lsclusters shows those that there are.");
    return found.FillIn(server);
  }
  if (!server.directory.empty()) return;
  throw core::Error(core::ErrorCode::kUsage, "no data directory was named", "",
                    "Name it with -D, by PGDATA, or as a cluster of Debian with --cluster.");
}

CloneRequest WithFolders(CloneRequest request) {
  ServerOptions& server = request.server;
  if (request.create_cluster && server.cluster.empty()) {
    throw core::Error(core::ErrorCode::kUsage, "--create-cluster needs --cluster", "",
                      "Name it as version and name, such as 15/main.");
  }
  if (server.cluster.empty()) {
    FillInCluster(server);
    return request;
  }
  const DebianCluster cluster(server.cluster);
  if (!request.create_cluster) {
    cluster.Require("Add --create-cluster; pg_lsclusters shows those that there are.");
  }
  cluster.FillIn(server);
  return request;
}

}  // namespace baton::helper
