#!/usr/bin/env bash
# package_inside.sh MAJOR: what test/package.sh does with the packages in /debs, inside its folder.
set -euo pipefail
major=$1
export DEBIAN_FRONTEND=noninteractive
passed=0
fail() { echo "package: FAILED: $*" >&2; exit 1; }
# holds SENTENCE COMMAND...: the command succeeds, or the test ends here.
holds() {
  local sentence=$1 output
  shift
  if ! output=$("$@" 2>&1); then
    printf '%s\n' "$output" >&2
    fail "$sentence"
  fi
  passed=$((passed + 1))
  echo "ok: $sentence"
}
# says TEXT COMMAND...: it succeeds, and its output has the text.
says() {
  local text=$1 output
  shift
  output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
  printf '%s\n' "$output"
  grep -qF -- "$text" <<<"$output"
}
sql() { runuser -u postgres -- psql -XAtqc "$1"; }
is() { [ "$(sql "$2")" = "$1" ] || { echo "\"$2\" returned \"$(sql "$2")\", not \"$1\""; return 1; }; }
apt() { apt-get -qy -o Dpkg::Use-Pty=0 --no-install-recommends "$@"; }
cluster() { pg_ctlcluster "$major" main "$@"; }
named_files() { dpkg -L pg-baton "postgresql-$major-pg-baton" | grep pg_baton | sort -u; }

# A chroot has no init to start servers by.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
cd /
holds "the packages are installed, with what they need" apt install /debs/1.0-1/*.deb
holds "PostgreSQL's package has made a cluster here" test -e "/etc/postgresql/$major/main/postgresql.conf"
holds "the program says its version" says "pg_baton 1.0" pg_baton --version
holds "the manual page is there" test -s /usr/share/man/man1/pg_baton.1.gz
holds "bash completes a command" says switchover bash -c \
  'source /usr/share/bash-completion/completions/pg_baton
   COMP_WORDS=(pg_baton swi) COMP_CWORD=1
   _pg_baton
   echo "${COMPREPLY[@]}"'
drop_in=/usr/lib/systemd/system/postgresql@.service.d/pg_baton.conf
holds "the drop-in names the installed program" grep -q '^ExecStartPre=.* /usr/bin/pg_baton prestart' "$drop_in"

holds "the server starts without the library" cluster start
holds "pg_baton says what is next" says "$major/main: runs without pg_baton" pg_baton
holds "setup-primary sets it up" runuser -u postgres -- pg_baton setup-primary --node-name=a --advertise=127.0.0.1
holds "pg_baton says that a restart is next" says "pg_ctlcluster $major main restart" pg_baton
holds "the server restarts with the library" cluster restart
holds "setup-primary makes the extension" runuser -u postgres -- pg_baton setup-primary --node-name=a --advertise=127.0.0.1
holds "its functions are there" is 1.0 "SELECT baton.version()"
holds "a database of one's own takes it by CREATE EXTENSION" \
  runuser -u postgres -- psql -Xqc "CREATE DATABASE other" -c '\c other' -c "CREATE EXTENSION pg_baton" \
  -c "SELECT 1 / (baton.version() = '1.0')::int"
holds "pg_baton says that a standby is next" says "(node a): primary without a standby" pg_baton
holds "the drop-in's command lets the server start" \
  bash -c "pg_ctlcluster $major main stop && $(sed -n 's/^ExecStartPre=//p' "$drop_in" | sed "s/%i/$major-main/") && pg_ctlcluster $major main start"

holds "they are upgraded beside the running server" says "until they are restarted" apt install /debs/1.0-2/*.deb
holds "which goes on" is a "SELECT name FROM baton.node_status"
holds "and restarts with the new library" cluster restart
holds "which finds its extension" is 1.0 "SELECT baton.version()"
holds "and is content with it" says 'version "1.0" of extension "pg_baton" is already installed' \
  runuser -u postgres -- psql -Xc "ALTER EXTENSION pg_baton UPDATE"
holds "the new version is the one installed" bash -c \
  "dpkg-query -W -f '\${Version}\n' pg-baton postgresql-$major-pg-baton | sort -u | grep -qx 1.0-2"

named_files >/tmp/files
holds "removing says which server still needs the library" \
  says "postgresql.auto.conf\" loads the library" apt remove "postgresql-$major-pg-baton"
holds "they are installed again" apt install /debs/1.0-2/*.deb
sql "DROP EXTENSION pg_baton"
sql "ALTER SYSTEM RESET shared_preload_libraries"
sql "DROP DATABASE other"
holds "the server restarts without it" cluster restart
holds "they are purged" apt purge pg-baton "postgresql-$major-pg-baton"
holds "and leave no file" bash -c 'while read -r file; do [ -d "$file" ] || [ ! -e "$file" ] || { echo "$file"; exit 1; }; done </tmp/files'
holds "nor a package that dpkg remembers" bash -c \
  "! dpkg-query -W -f '\${db:Status-Abbrev}\n' pg-baton postgresql-$major-pg-baton 2>/dev/null | grep -q ."
holds "the server restarts when they are gone" cluster restart
cluster stop
echo "package: $passed claims held"
