#include "helper/next_step/server_facts.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sstream>
#include <unistd.h>

#include "core/settings_advice.hpp"
#include "helper/prestart/prestart.hpp"
#include "helper/prestart/starting_place.hpp"
#include "helper/server/connection.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"

namespace baton::helper {
namespace {

using State = core::LocalServer::State;
constexpr std::chrono::seconds kLimit{2};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string DoubtOf(const core::Error& error) {
  const std::string detail = FirstLine(error.detail());
  return detail.empty() ? error.message() : fmt::format("{}: {}", error.message(), detail);
}

core::Address AddressIn(const std::string& conninfo) {
  if (conninfo.empty()) return {};
  const Parameters parameters = ParseConninfo(conninfo);
  const auto value = [&](const char* keyword) {
    const auto found = parameters.find(keyword);
    return found == parameters.end() ? std::string() : found->second;
  };
  return {value("host"), value("port")};
}

// Where its own clients find a server that runs: postmaster.pid has the port in its fourth line, a
// folder for sockets in its fifth and an address in its sixth (miscadmin.h, LOCK_FILE_LINE_*).
Parameters WayIn(const fs::path& data) {
  std::istringstream text(ReadFile(data / "postmaster.pid"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  lines.resize(std::max<std::size_t>(lines.size(), 6));
  Parameters way = {{"port", lines[3]}, {"connect_timeout", std::to_string(kLimit.count())}};
  way["host"] = !lines[4].empty() ? lines[4] : lines[5] == "*" ? "127.0.0.1" : lines[5];
  return way;
}

Connection Connect(Parameters way, const std::string& database) {
  way["dbname"] = database;
  Connection connection(std::move(way));
  connection.LimitAnswers(kLimit);
  connection.UseNoSearchPath();
  return connection;
}

void AskNode(Connection& server, core::LocalServer& facts) {
  const Result row = server.Query(
      "SELECT s.name, s.role, s.state, coalesce(s.upstream, ''),"
      " s.role = 'primary' AND 'another primary' = ANY (s.gate_reasons), coalesce(r.primary_name, "
      "''),"
      " (SELECT count(*) FROM baton.node n WHERE n.name <> s.name),"
      " (SELECT count(*) FROM baton.standbys WHERE state = 'streaming'),"
      " (SELECT count(*) FROM baton.health WHERE status = 'critical'),"
      " coalesce((SELECT conninfo FROM baton.node n WHERE n.name = s.name), ''),"
      " coalesce((SELECT conninfo FROM baton.node n WHERE n.name = r.primary_name), '')"
      " FROM baton.node_status s, baton.self_report(false) r");
  if (row.rows() == 0) return;
  facts.name = row.Text(0, 0);
  facts.role = row.Text(0, 1) == core::RoleText(core::Role::kPrimary)   ? core::Role::kPrimary
               : row.Text(0, 1) == core::RoleText(core::Role::kStandby) ? core::Role::kStandby
                                                                        : core::Role::kUnknown;
  facts.link = row.Text(0, 2);
  facts.upstream = row.Text(0, 3);
  facts.is_superseded = row.Bool(0, 4);
  facts.primary = row.Text(0, 5);
  facts.others = static_cast<int>(row.Number(0, 6));
  facts.streaming = static_cast<int>(row.Number(0, 7));
  facts.critical = static_cast<int>(row.Number(0, 8));
  facts.own = AddressIn(row.Text(0, 9));
  facts.other = AddressIn(row.Text(0, 10));
  facts.is_node = !facts.name.empty() && !row.Text(0, 9).empty();
}

void AskRunning(core::LocalServer& facts) {
  const Parameters way = WayIn(facts.data);
  facts.port = way.at("port");
  Connection server = Connect(way, "postgres");
  const Result row = server.Query(
      "SELECT pg_catalog.current_setting('shared_preload_libraries'),"
      " coalesce(pg_catalog.current_setting('pg_baton.database', true), ''),"
      " EXISTS (SELECT FROM pg_catalog.pg_file_settings"
      "  WHERE name = 'shared_preload_libraries' AND setting ~ '\\mpg_baton\\M'),"
      " coalesce(pg_catalog.current_setting('pg_baton.node_name', true), '')");
  const std::string libraries = row.Text(0, 0);
  facts.loads_library = core::WithLibrary(libraries, "pg_baton") == libraries;
  facts.waits_for_restart = !facts.loads_library && row.Bool(0, 2);
  if (!facts.loads_library) return;
  facts.name = row.Text(0, 3);
  const std::string database = row.Text(0, 1);
  if (!database.empty() && database != "postgres") server = Connect(way, database);
  if (HasExtension(server)) AskNode(server, facts);
}

void LookAtStopped(const StartingPlace& place, core::LocalServer& facts) {
  PrestartOptions options;
  options.cluster = facts.cluster;
  if (facts.cluster.empty()) options.directory = place.directory.string();
  options.limit_s = static_cast<int>(kLimit.count());
  const StartOutlook outlook = LookBeforeStart(options);
  facts.name = outlook.node.name;
  facts.loads_library = outlook.node.loads_library;
  facts.is_unfinished = outlook.node.is_unfinished;
  facts.verdict = outlook.verdict;
  facts.other = AddressIn(outlook.primary_conninfo);
}

std::string NameOfUser(uid_t user) {
  const passwd* const entry = getpwuid(user);
  return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

void Look(const FoundServer& found, core::LocalServer& facts) {
  if (found.cluster.empty() && found.data.empty()) {
    facts.state = State::kRunning;
    facts.doubt = fmt::format("it belongs to user {}", NameOfUser(found.owner));
    return;
  }
  PrestartOptions options;
  options.cluster = found.cluster;
  if (found.cluster.empty()) options.directory = found.data.string();
  const StartingPlace place = FindPlace(options);
  facts.data = place.directory.string();
  if (place.configuration != place.directory) facts.configuration = place.configuration.string();
  const auto owner = LookAtDirectory(place.directory);
  if (owner.exists && !owner.is_own) {
    facts.doubt = fmt::format("it belongs to user {}", NameOfUser(found.owner));
    return;
  }
  if (!place.has_data) {
    facts.state = State::kStopped;
    facts.doubt = "its data directory is empty or missing";
    return;
  }
  if (RunningPostmaster(place.directory)) {
    facts.state = State::kRunning;
    AskRunning(facts);
  } else {
    facts.state = State::kStopped;
    LookAtStopped(place, facts);
  }
}

}  // namespace

core::LocalServer LookAtServer(const FoundServer& found) {
  core::LocalServer facts;
  facts.cluster = found.cluster;
  facts.data = found.data.string();
  try {
    Look(found, facts);
  } catch (const core::Error& error) {
    if (error.code() == core::ErrorCode::kInterrupted) throw;
    facts.doubt = DoubtOf(error);
  } catch (const fs::filesystem_error& error) {
    facts.doubt = error.what();
  }
  return facts;
}

}  // namespace baton::helper
