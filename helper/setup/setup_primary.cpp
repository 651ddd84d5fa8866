#include "helper/setup/setup_primary.hpp"

#include <fmt/format.h>

#include "helper/command/node_access.hpp"
#include "helper/server/queries.hpp"
#include "helper/setup/node_connection.hpp"
#include "helper/setup/node_login.hpp"
#include "helper/setup/node_role.hpp"
#include "helper/setup/node_rules.hpp"
#include "helper/setup/preflight.hpp"
#include "helper/setup/restart.hpp"
#include "helper/setup/server_settings.hpp"

namespace baton::helper {
namespace {

// What needs the library in the server.
void Complete(Setup& setup) {
  Connection& server = setup.server;
  const std::string& name = setup.request.node_name;
  if (server.Value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_baton'") == "0") {
    setup.Change("create extension pg_baton in database " + server.database());
    const bool has_operators =
        server.Value("SELECT count(*) FROM pg_roles WHERE rolname = 'baton_operator'") == "1";
    setup.Remember([has_operators](core::SetupRecord& record) {
      record.made_extension = true;
      record.made_operators = !has_operators;
    });
    server.Run("CREATE EXTENSION pg_baton SCHEMA pg_catalog");
  }
  EnsureMembership(setup, "baton_operator", true);
  TryNodeConnections(setup);
  const std::string conninfo = RegistryConninfo(setup.request.advertise, setup.places.port,
                                                setup.places.database, setup.login.tls);
  if (server.Value("SELECT conninfo FROM baton.node WHERE name = $1", {name}) != conninfo) {
    setup.Remember([](core::SetupRecord& record) { record.registered = true; });
    setup.Change(fmt::format("register node \"{}\" as {}", name, conninfo));
    RegisterNode(server, name, conninfo);
  }
}

}  // namespace

void RunSetupPrimary(const SetupRequest& request, Output& output) {
  Setup setup(request, output);
  RequireSuperuser(setup);
  setup.places = ReadPlaces(setup.server, request.bindir);
  output.result()["data_directory"] = setup.places.data_directory.string();
  output.result()["config_file"] = setup.places.config_file.string();
  output.result()["hba_file"] = setup.places.hba_file.string();
  output.result()["node_name"] = request.node_name;
  core::Problems problems = FindSetupProblems(setup);
  if (problems.empty()) {
    setup.login = ReadNodeLogin(setup);
    problems = FindLoginProblems(setup);
  }
  NodeRole role(setup);
  problems.insert(problems.end(), role.problems().begin(), role.problems().end());
  core::RequireNone(std::move(problems));
  output.Line(fmt::format("server: data \"{}\", configuration \"{}\", \"{}\", port {}",
                          setup.places.data_directory.string(), setup.places.config_file.string(),
                          setup.places.hba_file.string(), setup.places.port));
  if (!request.tls.empty()) {
    setup.Remember([&setup](core::SetupRecord& record) { record.tls = setup.login.tls; });
  }
  role.Ensure();
  EnsureNodeRules(setup);
  const bool restart_needed = EnsureSettings(setup);
  if (setup.dry_run()) {
    if (!setup.changed()) TryNodeConnections(setup);
    output.Line(setup.changed() ? "dry run: nothing was changed" : "nothing to change");
    return;
  }
  if (restart_needed && !RestartIfAllowed(setup, "run this command again")) return;
  Complete(setup);
  if (!setup.changed()) output.Line("nothing to change");
  output.Line(fmt::format(
      "node \"{}\" is ready; on the other host{}: pg_baton clone -h {} -p {} {} --node-name=NAME "
      "--advertise=ADDRESS",
      request.node_name,
      setup.login.style.by_certificate
          ? ""
          : fmt::format(", with the line of {} from \"{}\" in its own password file", kNodeRole,
                        setup.passfile.string()),
      request.advertise, setup.places.port,
      request.cluster.empty() ? "-D DIR" : "--cluster=" + request.cluster));
}

}  // namespace baton::helper
