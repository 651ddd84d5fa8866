#!/usr/bin/env bash
# Tries pg_baton clone between this machine's PostgreSQL and one of another architecture that runs here
# as well: i386 on x86_64, built and run in a Debian of its own, in a folder.  Either way it must find
# that, and copy nothing.
#   ARCHITECTURE_DIR=...   where the folder is; it is kept with what was built, which makes the next run short
# Needs what test/debian_folder.sh says; where that is not to be had, it says so, loudly.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ARCHITECTURE_DIR=${ARCHITECTURE_DIR:-/var/tmp/pg_baton-architecture}
script=architecture
# shellcheck source=test/debian_folder.sh
. "$here/test/debian_folder.sh"
cannot() { loud "the architecture is NOT TESTED: $*"; exit "$kCannot"; }

: "${PG_CONFIG:=pg_config}" "${JOBS:=$(nproc)}"
export PG_CONFIG
major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
require_outside ARCHITECTURE_DIR "$ARCHITECTURE_DIR"
[ "$(uname -m)" = x86_64 ] || cannot "this machine is $(uname -m), and i386 does not run on that"
require_namespaces "it runs in a folder that only root may make and enter; as root, run: $0"
mkdir -p "$ARCHITECTURE_DIR"
ARCHITECTURE_DIR=$(cd "$ARCHITECTURE_DIR" && pwd)
exec 9>"$ARCHITECTURE_DIR/lock"
flock -n 9 || fail "another run is at work in \"$ARCHITECTURE_DIR\"; name another folder by ARCHITECTURE_DIR"
prepare_folders

# The same on both sides, as user postgres, in a folder of its own.

# start_primary BIN PORT: node a in ./data, its password in ./passfile.
start_primary() {
  "$1/initdb" -D data -A trust --no-sync >/dev/null
  printf "port = %s\nunix_socket_directories = '%s'\nfsync = off\n" "$2" "$PWD" >>data/postgresql.conf
  "$1/pg_ctl" start -w -D data -l log >/dev/null
  "$1/pg_baton" setup-primary -w -h "$PWD" -p "$2" --node-name=a --advertise=127.0.0.1 --restart \
    --bindir="$1" --passfile="$PWD/passfile" >setup 2>&1 || { cat setup; return 1; }
  "$1/psql" -XAtq -h "$PWD" -p "$2" -d postgres -c 'SELECT version()'
}
# expect_refusal BIN PORT PASSFILE SOURCE TARGET: of a clone, made with the programs in BIN, from the primary
# at that port, which is for the architecture SOURCE.
expect_refusal() {
  local result=0 left
  # Its port is that of the source, which a server that is not started may have.
  "$1/pg_baton" clone -w -h 127.0.0.1 -p "$2" -D "$PWD/b" --node-name=b --advertise=127.0.0.1 \
    --no-start --bindir="$1" --passfile="$3" >clone 2>&1 || result=$?
  cat clone
  left=$(PGPASSFILE=$3 "$1/psql" -XAtq -h 127.0.0.1 -p "$2" -U baton_node -d postgres -c \
    "SELECT (SELECT count(*) FROM pg_replication_slots), (SELECT string_agg(name, ',') FROM baton.node)")
  if [ "$result" = 3 ] && [ ! -e b ] && [ "$left" = "0|a" ] &&
    [ "$(grep -c "^pg_baton: error:" clone)" = 1 ] &&
    grep -qxF "pg_baton: error: the servers have different architectures" clone &&
    grep -qxF "pg_baton: detail: The source runs on $4, the programs in \"$1\" are for $5." clone; then
    echo "ok: $5 refuses $4, and changes nothing"
  else
    echo "FAILED: exit code $result, slots and nodes of the source: $left"
    return 1
  fi
}
as_postgres() { (cd "$1" && runuser -u postgres -- bash -euo pipefail -c "$(declare -f start_primary expect_refusal); $2"); }
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

root=$ARCHITECTURE_DIR/$codename-i386
result=0
make_folder "$codename" "$root" i386 || result=$?
[ "$result" != "$kNoMirror" ] || cannot "the Debian mirror of apt does not answer"
[ "$result" = 0 ] || fail "could not make a folder with Debian $codename for i386"
if [ ! -e "$root/var/lib/pg_baton_packages" ]; then
  say "packages to build with, for i386"
  inside "$root" "printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    { apt-get -q update
      DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
        -o Dpkg::Options::=--force-confold cmake g++ make pkg-config postgresql-$major \
        postgresql-server-dev-$major libpq-dev libkrb5-dev libcli11-dev libcpp-httplib-dev libfmt-dev \
        liblz4-dev libzstd-dev nlohmann-json3-dev zlib1g-dev
    } >/dev/null
    touch /var/lib/pg_baton_packages" || cannot "apt could not fetch postgresql-$major for i386 in the folder"
fi

say "build for i386"
# What was built stays, and the times of files tell what has to be built again.
mkdir -p "$root/src"
find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf --one-file-system {} +
files_of_tree | tar -C "$here" --null -T - -cf - | tar -C "$root/src" --no-same-owner -xf -
inside "$root" "make -C /src --no-print-directory -s JOBS=$JOBS install >/dev/null"

work=$(mktemp -d /tmp/pg_baton-architecture.XXXXXX)
bin=
clean_up() {
  [ ! -e "$work/run/data/postmaster.pid" ] ||
    as_postgres "$work/run" "'$bin/pg_ctl' stop -m immediate -D data >/dev/null" || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
chmod 755 "$work"
bin=$("$here/test/stage.sh" "$work/stage")
install -d -o postgres "$work/run"

say "a primary on x86_64, and one on i386"
port=$(free_port)
as_postgres "$work/run" "start_primary '$bin' $port"
meeting=$root/meeting
rm -rf --one-file-system "$meeting"
mkdir "$meeting"
mkfifo "$meeting/end"
cp "$work/run/passfile" "$meeting/passfile_of_x86_64"
port_of_i386=$(free_port)
inside "$root" "$(declare -f start_primary expect_refusal as_postgres)
  rm -rf /run/architecture
  install -d -o postgres /run/architecture
  install -o postgres -m 600 /meeting/passfile_of_x86_64 /run/architecture
  bin=/usr/lib/postgresql/$major/bin
  as_postgres /run/architecture \"start_primary \$bin $port_of_i386
    expect_refusal \$bin $port \\\$PWD/passfile_of_x86_64 x86_64 i686\"
  cp /run/architecture/passfile /meeting/passfile_of_i386.part
  mv /meeting/passfile_of_i386.part /meeting/passfile_of_i386
  read -r </meeting/end || true" &
other=$!
while [ ! -e "$meeting/passfile_of_i386" ]; do
  kill -0 "$other" 2>/dev/null || fail "the side of i386 failed; see above"
  sleep 1
done
install -o postgres -m 600 "$meeting/passfile_of_i386" "$work/run"
as_postgres "$work/run" "expect_refusal '$bin' $port_of_i386 \$PWD/passfile_of_i386 i686 x86_64"
echo >"$meeting/end"
wait "$other"
