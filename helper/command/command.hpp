// The table of commands.  Each adds its options to the parser and returns what to run when it is
// chosen, and that returns the exit code where nothing is thrown.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "helper/output.hpp"

namespace baton::helper {

using Action = std::function<int()>;

Action AddSetupPrimary(CLI::App& command, Output& output);
Action AddClone(CLI::App& command, Output& output);
Action AddRejoin(CLI::App& command, Output& output);
Action AddPromote(CLI::App& command, Output& output);
Action AddSwitchover(CLI::App& command, Output& output);
Action AddStatus(CLI::App& command, Output& output);
Action AddCheck(CLI::App& command, Output& output);
Action AddMetrics(CLI::App& command, Output& output);

struct Command {
  const char* name;
  const char* summary;
  const char* examples;
  Action (*add)(CLI::App& command, Output& output);
  // It ends as monitoring plug-ins do: 0 ok, 1 warning, 2 critical, 3 for all else, and every error
  // is told on standard output, where such systems read.
  bool is_plugin = false;
};

inline constexpr Command kCommands[] = {
    {"setup-primary", "make a running server ready to have standbys",
     "  pg_baton setup-primary --node-name=a --advertise=10.0.0.1 --allow=10.0.0.2 --restart\n"
     "  pg_baton setup-primary -p 5433 --node-name=a --advertise=10.0.0.1 --dry-run\n",
     AddSetupPrimary},
    {"clone", "make a standby from a running primary",
     "  pg_baton clone -h 10.0.0.1 -D /srv/pg/b --node-name=b --advertise=10.0.0.2\n"
     "  pg_baton clone -h 127.0.0.1 -D /srv/pg/b --node-name=b --advertise=127.0.0.1 "
     "--set port=5433\n",
     AddClone},
    {"rejoin", "bring a former primary back as a standby of the new one",
     "  pg_baton rejoin -h 10.0.0.2 -D /srv/pg/a\n"
     "  pg_baton rejoin -h 10.0.0.2 -D /srv/pg/a --dry-run\n",
     AddRejoin},
    {"promote", "make a standby the primary, unless checks speak against it",
     "  pg_baton promote -h 10.0.0.2 --dry-run\n"
     "  pg_baton promote -h 10.0.0.2\n"
     "  pg_baton promote -h 10.0.0.2 --force --timeout=120\n",
     AddPromote},
    {"switchover", "let the primary hand its role over to a standby, and follow that one",
     "  pg_baton switchover b -h 10.0.0.1 --dry-run\n"
     "  pg_baton switchover b -h 10.0.0.1\n"
     "  pg_baton switchover b -d \"host=10.0.0.1,10.0.0.2\" --timeout=120\n",
     AddSwitchover},
    {"status", "show the cluster at a glance",
     "  pg_baton status -h 10.0.0.1\n"
     "  pg_baton status -h 10.0.0.1 --watch=5\n"
     "  pg_baton status -h 10.0.0.1 --format=json\n",
     AddStatus},
    {"check", "judge one node as a plug-in of Nagios or Icinga",
     "  pg_baton check -h 10.0.0.1\n"
     "  pg_baton check -h 10.0.0.1 --only=streaming,replay_lag\n"
     "  pg_baton check -h 10.0.0.1 --exclude=archive_age --format=json\n",
     AddCheck, true},
    {"metrics", "print the metrics of one node, or serve them to Prometheus",
     "  pg_baton metrics -h 10.0.0.1\n"
     "  pg_baton metrics --listen=9188 -d \"host=/var/run/postgresql user=monitor\"\n"
     "  pg_baton metrics --listen=[::1]:9188 -h 10.0.0.1\n",
     AddMetrics},
};

}  // namespace baton::helper
