#include "helper/setup/setup_primary.hpp"

#include <fmt/format.h>

#include "helper/command/node_access.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"
#include "helper/setup/node_role.hpp"
#include "helper/setup/node_rules.hpp"
#include "helper/setup/preflight.hpp"
#include "helper/setup/server_settings.hpp"

namespace baton::helper {
namespace {

// Returns false if it was not allowed: then the rest has to wait.
bool Restart(Setup& setup) {
  const SetupRequest& request = setup.request;
  if (!request.restart && request.restart_command.empty()) {
    setup.output.result()["restart_needed"] = true;
    setup.output.Line(
        "a restart is needed; restart the server and run this command again, or run it "
        "with --restart");
    return false;
  }
  setup.Change("restart the server");
  RestartServer({setup.places.programs,
                 setup.places.data_directory,
                 {},
                 {},
                 request.restart_command,
                 std::chrono::seconds(request.timeout_s)});
  setup.Reconnect();
  return true;
}

// The very connection that a standby will make, from here.
void TryNodeConnection(Setup& setup) {
  const std::string& host = setup.request.advertise;
  const std::string& port = setup.places.port;
  Parameters parameters = NodeParameters({{"host", host}, {"port", port}}, setup.passfile);
  Connection{parameters};
  parameters["replication"] = "true";
  Connection{parameters};
  setup.output.Line(fmt::format("connections as {} to {} port {} work, also for replication",
                                kNodeRole, host, port));
}

// What needs the library in the server.
void Complete(Setup& setup) {
  Connection& server = setup.server;
  const std::string& name = setup.request.node_name;
  if (server.Value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_baton'") == "0") {
    setup.Change("create extension pg_baton in database " + server.database());
    server.Run("CREATE EXTENSION pg_baton SCHEMA pg_catalog");
  }
  EnsureMembership(setup, "baton_operator", true);
  const std::string conninfo =
      RegistryConninfo(setup.request.advertise, setup.places.port, setup.places.database);
  if (server.Value("SELECT conninfo FROM baton.node WHERE name = $1", {name}) != conninfo) {
    setup.Change(fmt::format("register node \"{}\" as {}", name, conninfo));
    RegisterNode(server, name, conninfo);
  }
  TryNodeConnection(setup);
}

}  // namespace

void RunSetupPrimary(const SetupRequest& request, Output& output) {
  Setup setup(request, output);
  RequireSuperuser(setup);
  setup.places = ReadPlaces(setup.server, request.bindir);
  output.result()["data_directory"] = setup.places.data_directory.string();
  output.result()["node_name"] = request.node_name;
  core::RequireNone(FindSetupProblems(setup));
  EnsureNodeRole(setup);
  EnsureNodeRules(setup);
  const bool restart_needed = EnsureSettings(setup);
  if (setup.dry_run()) {
    output.Line(setup.changed() ? "dry run: nothing was changed" : "nothing to change");
    return;
  }
  if (restart_needed && !Restart(setup)) return;
  Complete(setup);
  if (!setup.changed()) output.Line("nothing to change");
  output.Line(
      fmt::format("node \"{}\" is ready; on the other host: pg_baton clone -h {} -p {} "
                  "-D DIR --node-name=NAME --advertise=ADDRESS",
                  request.node_name, request.advertise, setup.places.port));
}

}  // namespace baton::helper
