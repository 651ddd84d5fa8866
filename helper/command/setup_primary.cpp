// setup-primary: the options of helper/setup.
#include "helper/setup/setup_primary.hpp"

#include <CLI/CLI.hpp>

#include "core/error.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/setup/setup_undo.hpp"

namespace baton::helper {
namespace {

struct Options {
  explicit Options(Output& output) : common{output} {}

  CommonOptions common;
  SetupRequest request;
};

// To undo it neither is needed, so the parser cannot tell.
void Require(const std::string& option, const std::string& value) {
  if (!value.empty()) return;
  throw core::Error(core::ErrorCode::kUsage, option + " is required", "",
                    "Try \"pg_baton setup-primary --help\" for more information.");
}

}  // namespace

Action AddSetupPrimary(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  SetupRequest& request = options->request;
  request.connection.AddTo(command, "the server, as a superuser");
  options->common.AddTo(command, true);
  auto* const cluster = command.add_option("--cluster", request.cluster,
                                           "the server as a cluster of Debian, such as 15/main");
  command
      .add_option("-D,--pgdata", request.directory,
                  "the server by its directory of data, or of postgresql.conf")
      ->excludes(cluster);
  command.add_option("--node-name", request.node_name, "name of this node; needed, but for --undo");
  command.add_option("--advertise", request.advertise,
                     "address by which the other nodes reach this server; needed, but for --undo");
  command
      .add_option("--allow", request.allow,
                  "address of a standby, to be let in; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option(
          "--standbys", request.standbys,
          "how many standbys it is to have; settings are made to fit, and to the free space")
      ->check(CLI::Range(1, 1000));
  command.add_option("--passfile", request.passfile,
                     "password file of the server's user (default: PGPASSFILE or ~/.pgpass)");
  command.add_flag("--ask-node-password", request.ask_node_password,
                   "ask for the password of role baton_node instead of making one");
  command.add_flag("--new-password", request.new_password,
                   "give role baton_node a new password, made here or asked for");
  auto* const tls =
      command
          .add_option("--tls", request.tls,
                      "let nodes reach this one by TLS only, and look at its certificate so far; "
                      "off: no more")
          ->check(CLI::IsMember({"require", "verify-ca", "verify-full", "off"}))
          ->type_name("require|verify-ca|verify-full|off");
  command
      .add_option("--tls-root", request.tls_root,
                  "certificate of the authority, at the same place on all hosts (default: "
                  "~/.postgresql/root.crt of the server's user)")
      ->needs(tls);
  command
      .add_flag("--client-certificates", request.client_certificates,
                "let nodes in by certificates with common name baton_node instead of passwords")
      ->needs(tls);
  command.add_option("--archive-directory", request.archive_directory,
                     "archive WAL into this folder, best one that all nodes share");
  command
      .add_option("--archive-compression", request.archive_compression, "compress what is archived")
      ->check(CLI::IsMember({"none", "zstd", "lz4"}))
      ->type_name("none|zstd|lz4");
  auto* const undo = command.add_flag("--undo", request.undo,
                                      "put back what setup-primary changed on this server");
  command.add_flag("-f,--force", request.force, "undo also while standbys stream")->needs(undo);
  command.add_flag("--restart", request.restart, "restart the server if that is needed");
  command.add_option("--restart-command", request.restart_command,
                     "restart by this command instead of pg_ctl");
  command.add_option("--bindir", request.bindir, "folder of PostgreSQL's server programs");
  command.add_option("-t,--timeout", request.timeout_s, "seconds to wait for the restart")
      ->check(CLI::PositiveNumber);
  return [options] {
    options->request.dry_run = options->common.dry_run;
    if (options->request.undo) {
      RunSetupUndo(options->request, options->common.output);
      return 0;
    }
    Require("--node-name", options->request.node_name);
    Require("--advertise", options->request.advertise);
    RunSetupPrimary(options->request, options->common.output);
    return 0;
  };
}

}  // namespace baton::helper
