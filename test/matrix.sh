#!/usr/bin/env bash
# Tests this tree with the other PostgreSQL versions, each in the Debian release that has it, inside a
# folder of its own outside of the repository.  Nothing of the system outside of that folder changes.
#   matrix.sh         all of `make test` for each version
#   matrix.sh quick   builds, loads, runs pg_regress; no scenarios
#   matrix.sh scenarios   pg_regress and scenarios; no unit tests, for which no server matters
#   matrix.sh demo    `make demo`
#   MATRIX_DIR=...    where the folders are; they are kept, which makes the next run short
#   VERSIONS="17 18"  which versions
# Needs root, debootstrap (installed if missing) and, for the first run, a Debian mirror; it takes the
# one that apt is configured with.  A version whose mirror does not answer is left out, loudly.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MATRIX_DIR=${MATRIX_DIR:-/var/tmp/pg_baton-matrix}
VERSIONS=${VERSIONS:-17 18}
mode=${1:-full}
script=matrix
# shellcheck source=test/debian_folder.sh
. "$here/test/debian_folder.sh"

cannot() { loud "the other versions are NOT TESTED: $*"; exit "$kCannot"; }

case "$mode" in
  full) command='make test' ;;
  quick) command='PG_BATON_QUICK=1 make test' ;;
  scenarios) command="PG_BATON_SCENARIOS=1 GTEST_FILTER='${GTEST_FILTER:-*}' make test" ;;
  demo) command='trap "make demo-stop" EXIT; make demo' ;;
  *) fail "unknown mode \"$mode\"; it is full, quick, scenarios or demo" ;;
esac
codename_of() {
  case "$1" in
    17) echo trixie ;;
    18) echo forky ;;
    *) fail "no Debian release is known here for PostgreSQL $1; it is 17 or 18" ;;
  esac
}
for version in $VERSIONS; do codename_of "$version" >/dev/null; done
require_outside MATRIX_DIR "$MATRIX_DIR"
require_namespaces \
  "the other versions run in folders that only root may make and enter; as root, run: $0 $mode"

mkdir -p "$MATRIX_DIR"
MATRIX_DIR=$(cd "$MATRIX_DIR" && pwd)
exec 9>"$MATRIX_DIR/lock"
flock -n 9 || fail "another run is at work in \"$MATRIX_DIR\"; name another folder by MATRIX_DIR"
prepare_folders

test_version() {
  local version=$1 codename root
  codename=$(codename_of "$version")
  root=$MATRIX_DIR/$codename
  make_folder "$codename" "$root" || return
  # What a run that was killed left behind.
  rm -rf --one-file-system "$root/src" "$root"/tmp/pg_baton-*
  mkdir "$root/src"
  files_of_tree | tar -C "$here" --null -T - -cf - | tar -C "$root/src" --no-same-owner -xf -

  say "packages for PostgreSQL $version"
  # This is what a machine has on which somebody types make.
  if ! inside "$root" 'command -v make >/dev/null || {
      apt-get -q update || apt-get -q -o Acquire::Check-Valid-Until=false update
      DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends make
    } >/dev/null
    cd /src && make --no-print-directory deps'; then
    mirror_answers "$codename" || return "$kNoMirror"
    echo "could not install the packages; see above"
    return 1
  fi
  say "PostgreSQL $version on Debian $codename: $command"
  inside "$root" "cd /src && $command"
}

child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 130' INT TERM
failed=0
summary=()
for version in $VERSIONS; do
  begin=$SECONDS
  # In the background, for a shell that waits is one that hears signals.
  test_version "$version" &
  child=$!
  result=0
  wait "$child" || result=$?
  child=
  name="PostgreSQL $version ($(codename_of "$version"), $mode)"
  case "$result" in
    0) summary+=("$name: passed, $((SECONDS - begin)) s") ;;
    "$kNoMirror")
      # Without a name and password that may stand in the address.
      shown=$(sed 's#//[^/]*@#//#' <<<"${mirror:-none is configured}")
      loud "$name was NOT TESTED: the Debian mirror of apt ($shown) does not answer"
      summary+=("$name: NOT TESTED, no mirror")
      ;;
    *)
      failed=$((failed + 1))
      summary+=("$name: FAILED, $((SECONDS - begin)) s")
      ;;
  esac
done
say "summary"
printf '%s\n' "${summary[@]}"
[ "$failed" = 0 ]
