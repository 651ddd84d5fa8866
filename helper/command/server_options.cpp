#include "helper/command/server_options.hpp"

#include <CLI/CLI.hpp>

namespace baton::helper {

void ServerOptions::AddTo(CLI::App& command) {
  command.add_option("-D,--pgdata", directory, "data directory on this host")->envname("PGDATA");
  command.add_option("--cluster", cluster,
                     "cluster of Debian, as 15/main: its data directory and configuration");
  command.add_option(
      "--config-dir", config_directory,
      "folder of postgresql.conf and pg_hba.conf, where it is not the data directory");
  command.add_option("--passfile", passfile,
                     "password file of the server's user (default: as its configuration says, "
                     "PGPASSFILE or ~/.pgpass)");
  command.add_option("--bindir", bindir, "folder of PostgreSQL's server programs");
  command.add_flag("--no-start", no_start, "do not start the server afterwards");
  command.add_option("--start-command", start_command, "start by this command instead of pg_ctl");
  command.add_option("-l,--log", log,
                     "file for the server's log (default: log/server.log in the data directory)");
  command.add_option("-t,--timeout", timeout_s, "seconds to wait until it streams")
      ->check(CLI::PositiveNumber);
}

}  // namespace baton::helper
