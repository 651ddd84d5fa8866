#include "test/cluster/debian_host.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "helper/system/file.hpp"
#include "helper/system/programs.hpp"

namespace baton::test {
namespace {

// Programs that need root, or that would take the programs of the system's PostgreSQL, which may
// not know this library.
constexpr const char* kStandIns = R"(
runuser() {
  [ "$1 $2 $3" = '-u postgres --' ]
  "${@:4}"
}
systemctl() {
  [ "$1" = daemon-reload ] ||
    pg_ctlcluster --skip-systemctl-redirect --bindir="$BINDIR" "${2#postgresql@}" "$1"
}
pg_baton() {
  case "$1" in
    setup-primary | clone | rejoin | archive-check) command pg_baton "$@" --bindir="$BINDIR" ;;
    *) command pg_baton "$@" ;;
  esac
}
)";

// In one pass, so that nothing is looked for in what has been put in.
std::string Replaced(const std::string& text, const std::map<std::string, std::string>& words) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& word) {
      return text.compare(at, word.first.size(), word.first) == 0;
    });
    result += found == words.end() ? text.substr(at, 1) : found->second;
    at += found == words.end() ? 1 : found->first.size();
  }
  return result;
}

}  // namespace

DebianHost::DebianHost(const Places& places) : places_(places) {
  const std::string version = RunOrFail({Cluster::Program("postgres"), "--version"});
  major_ = std::to_string(helper::MajorFrom(version).value());
  cluster_.KeepDataIn(data().parent_path());
  server_ = &cluster_.Plan("main", places.port);
  places_.port = server_->port();
  CreateCluster();
}

void DebianHost::CreateCluster() const {
  fs::create_directories(data().parent_path());
  fs::create_directories(Root() / "etc/postgresql");
  const HelperResult made = Run(
      fmt::format("pg_createcluster -d {} -l {} -s {} -p {} {} main -- --no-sync", data().string(),
                  server_->log_file().string(), Root().string(), places_.port, major_));
  if (made.exit_code != 0) throw std::runtime_error(made.output);
  std::ofstream(configuration() / "postgresql.conf", std::ios::app) << fmt::format(
      "listen_addresses = '{}'\nexternal_pid_file = '{}'\nfsync = off\n"
      "wal_retrieve_retry_interval = 200ms\n",
      places_.own_address, (Root() / "main.pid").string());
  // Debian lets in who comes from 127.0.0.1, which here is another host.
  std::istringstream rules(helper::ReadFile(configuration() / "pg_hba.conf"));
  std::string kept;
  for (std::string line; std::getline(rules, line);) {
    if (!line.starts_with("host")) kept += line + "\n";
  }
  std::ofstream(configuration() / "pg_hba.conf") << kept;
  const HelperResult started = Run(fmt::format("systemctl start postgresql@{}-main", major_));
  if (started.exit_code != 0) throw std::runtime_error(started.output + server_->Log());
}

HelperResult DebianHost::Type(const TypedCommand& command) const {
  std::map<std::string, std::string> words = places_.addresses;
  words["15/main"] = major_ + "/main";
  words["15-main"] = major_ + "-main";
  words["/srv/"] = places_.shared_folder.string() + "/";
  words[" -o postgres -g postgres "] = " ";  // the user who makes it is that one
  for (const char* const folder : {"/var/lib/postgresql/", "/etc/postgresql/"}) {
    words[folder] = Root().string() + folder;
  }
  return Run(Replaced(command.text, words));
}

HelperResult DebianHost::Run(const std::string& script) const {
  const std::string bindir = Cluster::bindir();
  helper::ProcessOptions options;
  options.environment = {{"PATH", bindir + ":" + std::getenv("PATH")},
                         {"BINDIR", bindir},
                         {"HOME", Root() / "var/lib/postgresql"},
                         {"PG_CLUSTER_CONF_ROOT", Root() / "etc/postgresql"},
                         {"PGHOST", Root()},
                         {"PGPORT", std::to_string(places_.port)},
                         {"PGDATABASE", "postgres"}};
  const helper::ProcessResult result =
      helper::RunProcess({"/bin/bash", "-euo", "pipefail", "-c", kStandIns + script}, options);
  return {result.exit_code, result.output};
}

}  // namespace baton::test
