#include "helper/next_step/next_step.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <set>
#include <sstream>
#include <unistd.h>

#include "core/error.hpp"
#include "core/next_step.hpp"
#include "helper/next_step/local_servers.hpp"
#include "helper/next_step/server_facts.hpp"
#include "helper/system/process.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {
namespace {

using nlohmann::json;

// In the words of the whole sentence, or in JSON one by one.
void Tell(const core::LocalServer& server, Output& output) {
  const core::NextStep step = core::JudgeNextStep(server);
  if (!output.is_json()) return output.Line(core::NextStepText(server, step));
  const auto or_null = [](const std::string& text) { return text.empty() ? json() : json(text); };
  output.result()["servers"].push_back({{"server", core::NameOf(server)},
                                        {"cluster", or_null(server.cluster)},
                                        {"data_directory", or_null(server.data)},
                                        {"node", or_null(server.name)},
                                        {"state", core::LocalStateText(server.state)},
                                        {"fact", step.fact},
                                        {"command", or_null(step.command)}});
}

// What the program says when that user starts it.
void TellAs(const std::string& user, Output& output) {
  std::vector<std::string> words = {"/sbin/runuser", "-u", user, "--", OwnProgram()};
  if (output.is_json()) words.emplace_back("--format=json");
  const ProcessResult told = RunProcess(words);
  if (!output.is_json()) {
    std::istringstream lines(told.output);
    for (std::string line; std::getline(lines, line);) output.Line(line);
    output.Line(
        fmt::format("Commands of pg_baton are for that user: runuser -u {} -- pg_baton ...", user));
    return;
  }
  const json object = json::parse(told.output, nullptr, false);
  if (!object.is_object() || !object.contains("servers")) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not look as user \"{}\"", user),
                      told.output);
  }
  for (const json& server : object["servers"]) output.result()["servers"].push_back(server);
}

// Users other than root, by name.
std::set<std::string> Owners(const std::vector<FoundServer>& servers) {
  std::set<std::string> owners;
  for (const FoundServer& server : servers) {
    const passwd* const entry = getpwuid(server.owner);
    if (server.owner != 0 && entry != nullptr) owners.insert(entry->pw_name);
  }
  return owners;
}

}  // namespace

void TellNextSteps(Output& output) {
  if (output.is_json()) output.result()["servers"] = json::array();
  const std::vector<FoundServer> servers = FindLocalServers();
  if (geteuid() == 0) {
    const std::set<std::string> owners = Owners(servers);
    for (const std::string& owner : owners) TellAs(owner, output);
    if (!owners.empty()) return;
  }
  std::set<std::string> told;
  for (const FoundServer& found : servers) {
    // Somebody else's, whom root has asked apart.
    if (found.data.empty() && found.cluster.empty() && found.owner != geteuid()) continue;
    if (!found.data.empty() && told.contains(found.data.string())) continue;
    // It may have gone since it was found.
    if (!found.data.empty() && !fs::exists(found.data)) continue;
    const core::LocalServer server = LookAtServer(found);
    if (!server.data.empty() && !told.insert(server.data).second) continue;
    Tell(server, output);
  }
  if (output.is_json()) return;
  if (told.empty()) {
    const core::NextStep step = core::NextStepWithoutServer();
    output.Line(step.fact + ": " + step.command);
  }
  output.Line("All commands: pg_baton --help, or man pg_baton.");
}

}  // namespace baton::helper
