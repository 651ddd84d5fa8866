#!/usr/bin/env bash
# The steps of the demo that an administrator would do; called by demo.sh as the user who owns the
# servers.
set -euo pipefail
: "${DEMO_DIR:?}" "${BIN:?}" "${SCALE:?}"
export PATH=$BIN:$PATH LC_ALL=C.UTF-8 PGDATABASE=postgres
unset PGHOST PGPORT PGUSER PGPASSFILE PGSERVICE
pg_baton=$DEMO_DIR/bin/pg_baton
passfile=$DEMO_DIR/passfile
archive=$DEMO_DIR/archive

free_port() {
  local port
  for port in $(seq "$1" $(($1 + 400))); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [ ! -e "/tmp/.s.PGSQL.$port" ]; then
      echo "$port"
      return
    fi
  done
  echo "demo: error: no free port found" >&2
  exit 1
}
# Below the ports that the kernel hands out by itself, and hardly where another demo looks meanwhile.
port_a=$(free_port $((20000 + RANDOM % 12000)))
port_b=$(free_port $((port_a + 1)))
data_a=$DEMO_DIR/a
data_b=$DEMO_DIR/b

step_number=${STEPS_BEFORE:-0}
seconds() { awk -v n="$1" 'BEGIN { printf "%.1f", n / 1e9 }'; }
step() {
  step_number=$((step_number + 1))
  step_begin=$(date +%s%N)
  printf '\n== %s. %s\n' "$step_number" "$1"
}
done_step() { printf -- '-- done in %s s\n' "$(seconds $(($(date +%s%N) - step_begin)))"; }
# Shows a command as one would type it, then runs it.
show() {
  printf '$ %s\n' "$*"
  "$@"
}
sql() {  # port, statement: shown, with psql's own table
  printf '$ psql -h %s -p %s -c "%s"\n' "$DEMO_DIR" "$1" "$2"
  psql -X -h "$DEMO_DIR" -p "$1" -c "$2"
}
value() { psql -XqAt -h "$DEMO_DIR" -p "$1" -c "$2"; }

# A status is shown when it has held for pg_baton.health_hold; waits for what is about to be.
settle() {  # port...
  local port
  for port in "$@"; do
    for _ in $(seq 60); do
      [ "$(value "$port" "SELECT count(*) FROM baton.health WHERE status <> 'ok'")" != 0 ] || break
      sleep 0.2
    done
  done
}

children=()
cleanup() {
  local child
  for child in ${children[@]+"${children[@]}"}; do kill "$child" 2>/dev/null || true; done
}
trap cleanup EXIT

step "an ordinary primary, as an existing installation would stand there"
initdb -D "$data_a" --auth-local=trust --auth-host=scram-sha-256 --no-sync >"$DEMO_DIR/initdb.log"
cat >>"$data_a/postgresql.conf" <<CONF
port = $port_a
unix_socket_directories = '$DEMO_DIR'
CONF
pg_ctl -D "$data_a" -l "$DEMO_DIR/a.log" -w start >/dev/null
pgbench -h "$DEMO_DIR" -p "$port_a" -i -s "$SCALE" -q >"$DEMO_DIR/pgbench-init.log" 2>&1
value "$port_a" "CREATE TABLE acknowledged (id bigint PRIMARY KEY, at timestamptz DEFAULT now())"
echo "primary on port $port_a, $(value "$port_a" "SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database") of data"
done_step

step "pg_baton setup-primary, with a folder for the archive that both nodes share"
mkdir -m 700 "$archive"
show "$pg_baton" setup-primary -h "$DEMO_DIR" -p "$port_a" --node-name=a --advertise=127.0.0.1 \
  --archive-directory="$archive" --passfile="$passfile" --bindir="$BIN" --restart
echo "again, to see that a second run changes nothing:"
show "$pg_baton" setup-primary -h "$DEMO_DIR" -p "$port_a" --node-name=a --advertise=127.0.0.1 \
  --archive-directory="$archive" --passfile="$passfile" --bindir="$BIN" --restart
done_step

# A writer that keeps every number that was acknowledged: psql prints the number once the commit is
# answered.
numbers() {
  local n=$1
  while :; do
    echo "INSERT INTO acknowledged (id) VALUES ($n) RETURNING id;"
    n=$((n + 1))
    sleep 0.005
  done
}
pgbench -h "$DEMO_DIR" -p "$port_a" -c 2 -T 600 -n >"$DEMO_DIR/pgbench.log" 2>&1 &
children+=($!)
pgbench_pid=$!

step "pg_baton clone, while pgbench writes"
show "$pg_baton" clone -h 127.0.0.1 -p "$port_a" -D "$data_b" --node-name=b --advertise=127.0.0.1 \
  --passfile="$passfile" --bindir="$BIN" --log="$DEMO_DIR/b.log" --set port="$port_b"
done_step

step "the cluster as it is now"
settle "$port_a" "$port_b"
for port in "$port_a" "$port_b"; do
  sql "$port" "SELECT * FROM baton.node_status"
  sql "$port" "SELECT check_name, status, value, message FROM baton.health"
  sql "$port" "SELECT name, reachable, role, state, timeline, lsn, replay_lag, sees, seen_at, error FROM baton.cluster"
  sql "$port" "SELECT name, registered, connected, state, sync_state, replay_lag, replay_lag_bytes, slot_name, reason FROM baton.standbys"
done
show "$pg_baton" status -h 127.0.0.1 -p "$port_a" --passfile="$passfile"
done_step

step "proof: a row written on the primary was read on the standby"
sql "$port_a" "SELECT * FROM baton.verify_replication()"
done_step

step "proof: the archive is whole, gives back what it took, and can be restored from"
sql "$port_a" "SELECT method, state, reason, backlog_files, missing_bytes FROM baton.archive_status"
show "$pg_baton" archive-check --archive-directory="$archive" -h "$DEMO_DIR" -p "$port_a" -d postgres
show "$pg_baton" archive-check --round-trip -h "$DEMO_DIR" -p "$port_a"
show "$pg_baton" archive-check --restore-test --take-backup -h "$DEMO_DIR" -p "$port_a" \
  -U "$(id -un)" --archive-directory="$archive" --scratch-directory="$DEMO_DIR/scratch" --bindir="$BIN"
done_step

step "the primary is killed under load; the standby is promoted"
numbers 1 | psql -XqAt -h "$DEMO_DIR" -p "$port_a" >"$DEMO_DIR/acknowledged.txt" 2>/dev/null &
writer_pid=$!
children+=("$writer_pid")
until [ "$(wc -l <"$DEMO_DIR/acknowledged.txt")" -ge 200 ]; do sleep 0.05; done
postmaster=$(head -1 "$data_a/postmaster.pid")
echo "\$ kill -9 $postmaster    # the postmaster of a, with pgbench and a writer at work"
kill -9 "$postmaster"
killed_at=$(date +%s%N)
wait "$writer_pid" 2>/dev/null || true
wait "$pgbench_pid" 2>/dev/null || true
children=()
sql "$port_b" "SELECT check_name, status, value, message FROM baton.promotion_check"
promote_at=$(date +%s%N)
sql "$port_b" "SELECT * FROM baton.promote()"
value "$port_b" "INSERT INTO acknowledged (id) VALUES (1000000)"
written_at=$(date +%s%N)
echo "from baton.promote() to the first write: $(seconds $((written_at - promote_at))) s; since the kill: $(seconds $((written_at - killed_at))) s"
acknowledged=$(wc -l <"$DEMO_DIR/acknowledged.txt")
missing=$(psql -XqAt -h "$DEMO_DIR" -p "$port_b" <<SQL
CREATE TEMP TABLE seen (id bigint);
\\copy seen FROM '$DEMO_DIR/acknowledged.txt'
SELECT count(*) FROM seen LEFT JOIN acknowledged USING (id) WHERE acknowledged.id IS NULL;
SQL
)
echo "$acknowledged rows had been acknowledged to the writer; $missing of them are missing on the new primary"
pgbench -h "$DEMO_DIR" -p "$port_b" -c 2 -T 3 -n 2>/dev/null | grep -E 'actually processed|tps'
done_step

step "pg_baton rejoin: the old primary comes back as a standby"
show "$pg_baton" rejoin -h 127.0.0.1 -p "$port_b" -D "$data_a" --bindir="$BIN" --log="$DEMO_DIR/a.log"
echo "its own settings were kept: port $(value "$port_a" "SHOW port"), node $(value "$port_a" "SHOW pg_baton.node_name")"
done_step

step "the cluster with roles swapped"
settle "$port_a" "$port_b"
show "$pg_baton" status -h 127.0.0.1 -p "$port_b" --passfile="$passfile"
sql "$port_b" "SELECT * FROM baton.verify_replication()"
sql "$port_b" "SELECT happened_at, kind, message, detail FROM baton.events LIMIT 12"
for table in pgbench_accounts pgbench_history acknowledged; do
  count_b=$(value "$port_b" "SELECT count(*) FROM $table")
  count_a=$(value "$port_a" "SELECT count(*) FROM $table")
  same=equal
  [ "$count_a" = "$count_b" ] || same=DIFFERENT
  echo "rows of $table: $count_b on the primary b, $count_a on the standby a: $same"
  [ "$same" = equal ]
done
done_step

# What others need to go on from here; quoted for the shell.
{
  printf 'PRIMARY=%q\n' "host=$DEMO_DIR port=$port_b user=$(id -un) dbname=postgres"
  printf 'STANDBY=%q\n' "host=$DEMO_DIR port=$port_a user=$(id -un) dbname=postgres"
  printf 'PRIMARY_DATA=%q\n' "$data_b"
  printf 'STANDBY_DATA=%q\n' "$data_a"
  printf 'PG_BATON=%q\n' "$pg_baton"
  printf 'RUN_AS=%q\n' "$(id -un)"
} >"$DEMO_DIR/demo.env"

cat <<END

both servers are running:
  psql -h $DEMO_DIR -p $port_b -U $(id -un) postgres     # b, the primary
  psql -h $DEMO_DIR -p $port_a -U $(id -un) postgres     # a, the standby
look at: SELECT * FROM baton.node_status; baton.health; baton.standbys; baton.promotion_check
their connection strings stand in $DEMO_DIR/demo.env
END
trap - EXIT
