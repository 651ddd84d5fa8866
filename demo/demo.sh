#!/usr/bin/env bash
# The main job on real servers: a primary is set up and cloned, its archive is proven, it is killed
# under load, its standby promoted, and the old primary brought back.  Everything stays in DEMO_DIR,
# on 127.0.0.1.
#   demo.sh         runs it, and leaves both servers running
#   demo.sh stop    stops them
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
user=$(id -un)
DEMO_DIR=${DEMO_DIR:-${TMPDIR:-/tmp}/pg_baton-demo-$user}
SCALE=${SCALE:-20}
PG_CONFIG=${PG_CONFIG:-pg_config}

fail() { echo "demo: error: $*" >&2; exit 1; }

# Servers refuse root, so root lets PostgreSQL's own user run them.
run_as=$user
[ "$(id -u)" != 0 ] || run_as=postgres
as() {
  if [ "$run_as" = "$user" ]; then (cd / && "$@"); else (cd / && runuser -u "$run_as" -- "$@"); fi
}

stop_servers() {
  local data
  for data in "$DEMO_DIR/a" "$DEMO_DIR/b"; do
    if [ -f "$data/postmaster.pid" ]; then
      as "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null 2>&1 || true
    fi
  done
}

bin=$("$PG_CONFIG" --bindir)
if [ "${1:-}" = stop ]; then
  [ -f "$DEMO_DIR/.pg_baton_demo" ] || fail "there is no demo in \"$DEMO_DIR\""
  stop_servers
  echo "both servers of the demo are stopped; their files are in $DEMO_DIR"
  exit 0
fi

# A directory that is there already must be an earlier demo's, or empty.
[ ! -L "$DEMO_DIR" ] || fail "\"$DEMO_DIR\" is a link; name a folder: make demo DEMO_DIR=..."
if [ -e "$DEMO_DIR" ]; then
  owner=$(stat -c %U "$DEMO_DIR")
  [ "$owner" = "$run_as" ] || [ "$owner" = "$user" ] ||
    fail "\"$DEMO_DIR\" belongs to $owner; name another folder: make demo DEMO_DIR=..."
  if [ -f "$DEMO_DIR/.pg_baton_demo" ]; then
    stop_servers
    find "$DEMO_DIR" -mindepth 1 -delete
  elif [ -n "$(ls -A "$DEMO_DIR" 2>&1)" ]; then
    fail "\"$DEMO_DIR\" is not empty; name another folder: make demo DEMO_DIR=..."
  fi
fi
mkdir -p "$DEMO_DIR"
DEMO_DIR=$(cd "$DEMO_DIR" && pwd)
[ ${#DEMO_DIR} -le 85 ] || fail "\"$DEMO_DIR\" is too long a path for a socket"
chmod 700 "$DEMO_DIR"
[ "$run_as" = "$user" ] || chown "$run_as" "$DEMO_DIR"
as test -w "$DEMO_DIR" ||
  fail "user $run_as cannot enter \"$DEMO_DIR\"; name another folder: make demo DEMO_DIR=..."
as touch "$DEMO_DIR/.pg_baton_demo"

total_begin=$(date +%s%N)
step_begin=$total_begin
step_number=0
seconds() { awk -v n="$1" 'BEGIN { printf "%.1f", n / 1e9 }'; }
step() {
  step_number=$((step_number + 1))
  step_begin=$(date +%s%N)
  printf '\n== %s. %s\n' "$step_number" "$1"
}
done_step() { printf -- '-- done in %s s\n' "$(seconds $(($(date +%s%N) - step_begin)))"; }

step "build and install the extension and the helper"
if [ "$(id -u)" = 0 ] || [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then elevate=(); else elevate=(sudo); fi
build_log=$(mktemp)
trap 'rm -f "$build_log"' EXIT
make -s -C "$here" PG_CONFIG="$PG_CONFIG" extension helper >"$build_log" 2>&1 ||
  { tail -20 "$build_log"; fail "the build failed"; }
${elevate[@]+"${elevate[@]}"} make -s -C "$here" PG_CONFIG="$PG_CONFIG" install-extension >>"$build_log" 2>&1 ||
  { tail -20 "$build_log"; fail "the installation failed"; }
# Root writes nothing into a folder that is another user's: that user takes what it needs.
give() { as sh -c 'cat >"$1" && chmod 755 "$1"' sh "$2" <"$1"; }
as mkdir -p "$DEMO_DIR/bin"
helper=$DEMO_DIR/bin/pg_baton
give "$here/build/helper/pg_baton" "$helper"
echo "extension in $("$PG_CONFIG" --pkglibdir), helper in $helper"
done_step

# The rest is one program of the unprivileged user.
give "$here/demo/main_job.sh" "$DEMO_DIR/bin/main_job.sh"
as env "DEMO_DIR=$DEMO_DIR" "BIN=$bin" "SCALE=$SCALE" "STEPS_BEFORE=$step_number" \
  bash "$DEMO_DIR/bin/main_job.sh"
printf '\nthe whole demo took %s s\n' "$(seconds $(($(date +%s%N) - total_begin)))"
echo "to stop both servers: make demo-stop${DEMO_DIR:+ DEMO_DIR=$DEMO_DIR}"
