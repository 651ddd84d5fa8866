// The table of commands.  Each adds its options to the parser and returns what to run when it is
// chosen, and that returns the exit code where nothing is thrown.
#pragma once

#include <functional>

#include "helper/output.hpp"

namespace CLI {
class App;
}

namespace baton::helper {

using Action = std::function<int()>;

Action AddSetupPrimary(CLI::App& command, Output& output);
Action AddClone(CLI::App& command, Output& output);
Action AddRejoin(CLI::App& command, Output& output);
Action AddPrestart(CLI::App& command, Output& output);
Action AddRun(CLI::App& command, Output& output);
Action AddPromote(CLI::App& command, Output& output);
Action AddSwitchover(CLI::App& command, Output& output);
Action AddFollow(CLI::App& command, Output& output);
Action AddStatus(CLI::App& command, Output& output);
Action AddCheck(CLI::App& command, Output& output);
Action AddMetrics(CLI::App& command, Output& output);
Action AddVerify(CLI::App& command, Output& output);
Action AddArchiveCheck(CLI::App& command, Output& output);
Action AddArchivePush(CLI::App& command, Output& output);
Action AddArchiveGet(CLI::App& command, Output& output);
Action AddArchivePrune(CLI::App& command, Output& output);

struct Command {
  const char* name;
  const char* summary;
  const char* examples;
  Action (*add)(CLI::App& command, Output& output);
  // It ends as monitoring plug-ins do: 0 ok, 1 warning, 2 critical, 3 for all else, and every error
  // is told on standard output, where such systems read.
  bool is_plugin = false;
  // The exit code of all that fails but the usage, for commands that the server runs; 0: by kind.
  int failure_code = 0;
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
    {"prestart", "before a server starts: ask the others, and rejoin where one took over",
     "  pg_baton prestart -D /srv/pg/a\n"
     "  pg_baton prestart --cluster=15/main --require-answer\n"
     "  pg_baton prestart -D /srv/pg/a --dry-run\n",
     AddPrestart},
    {"run", "do what prestart does, then become the server, as in a container",
     "  pg_baton run -D /srv/pg/a\n"
     "  pg_baton run -D /srv/pg/a --retry=10 -- -c port=5433\n",
     AddRun},
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
    {"follow", "point a standby at another upstream: the primary, or another standby",
     "  pg_baton follow b -h 10.0.0.3 --dry-run\n"
     "  pg_baton follow b -h 10.0.0.3\n"
     "  pg_baton follow a -h 10.0.0.3 --timeout=120\n",
     AddFollow},
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
    {"verify", "write a row on the primary, and see it on every standby",
     "  pg_baton verify -h 10.0.0.1\n"
     "  pg_baton verify -d \"host=10.0.0.1,10.0.0.2 target_session_attrs=primary\" "
     "--format=json\n",
     AddVerify},
    {"archive-check", "audit a WAL archive: can it be restored from?",
     "  pg_baton archive-check --archive-directory=/srv/wal\n"
     "  pg_baton archive-check --archive-directory=/srv/wal -h /var/run/postgresql\n"
     "  pg_baton archive-check --archive-directory=/srv/wal --quick --format=json\n"
     "  pg_baton archive-check --round-trip -h 10.0.0.1\n"
     "  pg_baton archive-check --restore-test --archive-directory=/srv/wal "
     "--backup-directory=/srv/backups --scratch-directory=/srv/scratch\n",
     AddArchiveCheck},
    {"archive-push", "take a file of the WAL to an archive, as archive_command",
     "  archive_command = 'pg_baton archive-push %p --archive-directory=/srv/archive'\n"
     "  archive_command = 'pg_baton archive-push %p --compression=zstd --archive-directory=/srv/a "
     "--archive-directory=/srv/b'\n",
     AddArchivePush, false, 1},
    {"archive-get", "bring a file of the WAL from an archive, as restore_command",
     "  restore_command = 'pg_baton archive-get %f %p --archive-directory=/srv/archive'\n"
     "  restore_command = 'pg_baton archive-get %f %p --archive-directory=/srv/a "
     "--archive-directory=/srv/b --jobs=4 --prefetch=16'\n",
     AddArchiveGet, false, 3},
    {"archive-prune", "remove from an archive what no base backup and no standby needs",
     "  pg_baton archive-prune --archive-directory=/srv/archive --keep-backups=2 -h 10.0.0.1 "
     "--dry-run\n"
     "  pg_baton archive-prune --archive-directory=/srv/archive --keep-backups=2 "
     "--backup-directory=/srv/backups\n"
     "  pg_baton archive-prune --archive-directory=/srv/archive "
     "--keep-from=000000010000000000000042\n",
     AddArchivePrune},
};

}  // namespace baton::helper
