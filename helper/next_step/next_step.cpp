#include "helper/next_step/next_step.hpp"

#include <pwd.h>
#include <set>
#include <sstream>
#include <unistd.h>

#include "core/next_step.hpp"
#include "helper/next_step/local_servers.hpp"
#include "helper/next_step/server_facts.hpp"
#include "helper/system/process.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {
namespace {

void TellAs(const std::string& user, Output& output) {
  const ProcessResult told = RunProcess({"/sbin/runuser", "-u", user, "--", OwnProgram()});
  std::istringstream lines(told.output);
  for (std::string line; std::getline(lines, line);) output.Line(line);
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
    output.Line(core::NextStepText(server, core::JudgeNextStep(server)));
  }
  if (told.empty()) {
    const core::NextStep step = core::NextStepWithoutServer();
    output.Line(step.fact + ": " + step.command);
  }
  output.Line("All commands: pg_baton --help, or man pg_baton.");
}

}  // namespace baton::helper
