// The table of commands.  Each adds its options to the parser and returns what to run when it is
// chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "helper/output.hpp"

namespace baton::helper {

using Action = std::function<void()>;

Action AddSetupPrimary(CLI::App& command, Output& output);
Action AddClone(CLI::App& command, Output& output);
Action AddRejoin(CLI::App& command, Output& output);
Action AddStatus(CLI::App& command, Output& output);

struct Command {
  const char* name;
  const char* summary;
  const char* examples;
  Action (*add)(CLI::App& command, Output& output);
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
    {"status", "show the cluster at a glance",
     "  pg_baton status -h 10.0.0.1\n"
     "  pg_baton status -h 10.0.0.1 --format=json\n",
     AddStatus},
};

}  // namespace baton::helper
