#include "helper/setup/preflight.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <sstream>

#include "archive/store.hpp"
#include "core/archive_setup.hpp"
#include "helper/setup/server_settings.hpp"
#include "helper/system/archive_place.hpp"

namespace baton::helper {
namespace {

// Two hosts of a pair have their data in the same place, so the path alone proves nothing; the time
// of the start does (line 3 of postmaster.pid, src/include/utils/pidfile.h).
bool IsOfThisServer(Connection& server, const fs::path& directory) {
  std::istringstream lines(ReadFileIfThere(directory / "postmaster.pid").value_or(""));
  std::string line;
  for (int i = 0; i < 3; ++i) std::getline(lines, line);
  const long here = std::atol(line.c_str());
  const long there = std::atol(
      server.Value("SELECT floor(EXTRACT(epoch FROM pg_postmaster_start_time()))").c_str());
  return std::labs(here - there) <= 5;
}

// A link stays one: what it leads to is replaced.
fs::path Behind(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  return error ? path : real;
}

core::Problems FindArchiveProblems(const Setup& setup) {
  const std::string& archive_directory = setup.request.archive_directory;
  if (archive_directory.empty()) return {};
  core::Problems problems = core::CheckArchiveFolder(LookAtArchiveFolder(archive_directory));
  if (!problems.empty()) return problems;
  try {
    archive::RequireOutside(archive_directory, setup.places.data_directory);
  } catch (const core::Error& error) {
    problems.push_back({error.message(), error.detail(), error.hint()});
  }
  return problems;
}

// The others know this one by its name, and a slot of theirs may have it.
core::Problems FindNameProblems(Setup& setup) {
  Connection& server = setup.server;
  if (server.Value("SELECT to_regclass('baton.node') IS NOT NULL") != "t") return {};
  const std::string name = server.Value("SELECT current_setting('pg_baton.node_name', true)");
  if (name.empty() || name == setup.request.node_name) return {};
  const std::string others = server.Value(
      "SELECT string_agg(name, ', ' ORDER BY name) FROM baton.node WHERE name <> $1", {name});
  if (others.empty()) return {};
  return {{fmt::format("this server is node \"{}\" already", name),
           fmt::format("Other nodes know it by that name: {}.", others),
           fmt::format("Say --node-name={}.  To give it another name, take it out of the registry "
                       "first: SELECT baton.unregister_node('{}'), and ALTER SYSTEM RESET "
                       "pg_baton.node_name with a reload.",
                       name, name)}};
}

}  // namespace

core::Problems FindPlaceProblems(Setup& setup) {
  const fs::path& data = setup.places.data_directory;
  const DirectoryFacts directory = LookAtDirectory(data);
  if (!directory.is_directory || !directory.is_own) {
    return {{fmt::format("data directory \"{}\" is not this user's own", data.string()),
             "Files of the server are changed, on its own host.",
             "Run pg_baton there as the user who runs the server, for example with runuser -u "
             "postgres."}};
  }
  if (!IsOfThisServer(setup.server, data)) {
    return {{fmt::format("data directory \"{}\" here is not that of the server", data.string()),
             "The server that was connected to runs on another host, or in another container.",
             "Run pg_baton on the server's own host."}};
  }
  std::error_code error;
  if (setup.local_server && !fs::equivalent(setup.local_server->data_directory, data, error)) {
    return {{fmt::format("the server that was connected to is not that of \"{}\"",
                         setup.local_server->data_directory.string()),
             fmt::format("Its data directory is \"{}\".", data.string()),
             "Leave out host and port, or name the server that they lead to."}};
  }
  const fs::path folder = setup.places.hba_file.parent_path();
  if (!IsWritable(folder)) {
    return {{fmt::format("cannot write to \"{}\"", folder.string()), "pg_hba.conf is there.",
             "Run pg_baton as its owner."}};
  }
  return {};
}

void RequireSuperuser(Setup& setup) {
  if (setup.server.Value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "t") {
    return;
  }
  throw core::Refusal({{fmt::format("role \"{}\" is not a superuser", setup.server.user()),
                        "Roles, settings and extensions of the server are changed.",
                        "Connect as a superuser, for example with -U postgres."}});
}

ServerPlaces ReadPlaces(Connection& server, const std::string& bindir) {
  ServerPlaces places;
  places.data_directory = server.Value("SHOW data_directory");
  places.hba_file = Behind(server.Value("SHOW hba_file"));
  places.config_file = server.Value("SHOW config_file");
  places.port = server.Value("SHOW port");
  const std::string database = server.Value("SELECT current_setting('pg_baton.database', true)");
  if (!database.empty()) places.database = database;
  places.programs = FindPrograms(bindir, server.major());
  return places;
}

core::Problems FindSetupProblems(Setup& setup) {
  Connection& server = setup.server;
  core::Problems problems;
  const auto add = [&problems](core::Problems more) {
    for (core::Problem& problem : more) problems.push_back(std::move(problem));
  };
  if (server.Value("SELECT pg_is_in_recovery()") == "t") {
    add({{"this server is a standby", "A primary is set up.", "Connect to the primary."}});
  }
  const int major = server.major();
  if (major < 15) {
    add({{fmt::format("PostgreSQL {} is too old", major), "",
          "pg_baton works with PostgreSQL 15 and later."}});
  }
  add(FindPlaceProblems(setup));
  const SetupRequest& request = setup.request;
  if (setup.places.programs.bindir.empty() && request.restart && request.restart_command.empty()) {
    add({{fmt::format("no server programs of PostgreSQL {} found", major),
          "pg_ctl restarts the server.", "Name their folder with --bindir."}});
  }
  if (server.Value("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_baton'") != "1") {
    add({{"the extension pg_baton is not installed in this server",
          "It has to be there before the server can load it.",
          "Install it: make install PG_CONFIG=..."}});
  }
  add(FindNameProblems(setup));
  add(FindSettingProblems(setup));
  add(FindArchiveProblems(setup));
  return problems;
}

}  // namespace baton::helper
