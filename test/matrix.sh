#!/usr/bin/env bash
# Tests this tree with the other PostgreSQL versions, each in the Debian release that has it, inside a
# folder of its own outside of the repository.  Nothing of the system outside of that folder changes.
#   matrix.sh         all of `make test` for each version
#   matrix.sh quick   builds, loads, runs pg_regress; no scenarios
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

fail() { echo "matrix: error: $*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }
loud() { printf '\n!!!! %s\n' "$*"; }
# Where this machine, not the tree, is the reason; callers tell it by the exit code.
kCannot=77
cannot() { loud "the other versions are NOT TESTED: $*"; exit "$kCannot"; }

case "$mode" in
  full) command='make test' ;;
  quick) command='PG_BATON_QUICK=1 make test' ;;
  demo) command='trap "make demo-stop" EXIT; make demo' ;;
  *) fail "unknown mode \"$mode\"; it is full, quick or demo" ;;
esac
codename_of() {
  case "$1" in
    17) echo trixie ;;
    18) echo forky ;;
    *) fail "no Debian release is known here for PostgreSQL $1; it is 17 or 18" ;;
  esac
}
for version in $VERSIONS; do codename_of "$version" >/dev/null; done
case "$(realpath -m "$MATRIX_DIR")/" in
  "$here"/*) fail "MATRIX_DIR is \"$MATRIX_DIR\", inside the repository; name a folder outside" ;;
esac
[ "$(id -u)" = 0 ] ||
  cannot "the other versions run in folders that only root may make and enter; as root, run: $0 $mode"
# Mounts live in a namespace that ends with its first process, and that ends with the shell that
# started it.  So nothing has to be unmounted, and no server outlives its test.
namespace=(setpriv --pdeathsig KILL
  unshare --mount --pid --ipc --fork --kill-child --propagation private)
"${namespace[@]}" true 2>/dev/null ||
  cannot "root may not make namespaces here (unshare failed); a container needs CAP_SYS_ADMIN for that"

mkdir -p "$MATRIX_DIR"
MATRIX_DIR=$(cd "$MATRIX_DIR" && pwd)
exec 9>"$MATRIX_DIR/lock"
flock -n 9 || fail "another run is at work in \"$MATRIX_DIR\"; name another folder by MATRIX_DIR"
if ! command -v debootstrap >/dev/null; then
  say "install debootstrap"
  { apt-get -q update && apt-get install -qy --no-install-recommends debootstrap; } >/dev/null ||
    fail "could not install debootstrap; see above"
fi

# The mirror and the proxy are the ones of apt.  Only lists that were fetched tell whose they are.
mirror_of_apt() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sed -n '1s#/*$##p'
}
mirror=$(mirror_of_apt)
if [ -z "$mirror" ]; then
  apt-get -q update >/dev/null || true
  mirror=$(mirror_of_apt)
fi
eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
proxies=()
for name in http_proxy https_proxy no_proxy; do
  [ -z "${!name:-}" ] || { export "${name?}"; proxies+=("$name=${!name}"); }
done

# mirror_answers CODENAME
mirror_answers() {
  local probe result=0
  [ -n "$mirror" ] || return 1
  probe=$(mktemp -d)
  /usr/lib/apt/apt-helper -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
    -o Acquire::Retries=1 -o APT::Sandbox::User=root \
    download-file "$mirror/dists/$1/InRelease" "$probe/InRelease" >/dev/null 2>&1 || result=1
  rm -rf "$probe"
  return "$result"
}

# The tree as it is now, changes that are not committed included.
files_of_tree() {
  local git=(git -c "safe.directory=$here" -C "$here") file
  if "${git[@]}" rev-parse --git-dir >/dev/null 2>&1; then
    "${git[@]}" ls-files -z --cached --others --exclude-standard
  else
    (cd "$here" && find . -path ./build -prune -o -type f -print0)
  fi | while IFS= read -r -d '' file; do
    [ ! -e "$here/$file" ] || printf '%s\0' "$file"
  done
}

# inside ROOT COMMAND: runs a shell command in the folder, with what a machine has mounted.  The folder
# becomes the root of the namespace, since the kernel allows no user namespaces in a chroot.  The shell
# stays as the namespace's first process, for orphans need one that waits for them.
inside() {
  # shellcheck disable=SC2016
  "${namespace[@]}" bash -c '
    set -euo pipefail
    mount --bind "$1" "$1"
    cd "$1"
    shift
    mount -t proc proc proc
    mount --rbind /dev dev
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    pivot_root . mnt
    cd /
    umount -l /mnt
    result=0
    "$@" || result=$?
    exit "$result"' inside "$1" \
    /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LC_ALL=C.UTF-8 TERM=dumb ${proxies[@]+"${proxies[@]}"} bash -euo pipefail -c "$2" </dev/null
}

# Says why where it fails; kNoMirror where that is no fault of the tree.
kNoMirror=77
test_version() {
  local version=$1 codename root
  codename=$(codename_of "$version")
  root=$MATRIX_DIR/$codename
  if [ ! -d "$root" ]; then
    say "make a folder with Debian $codename"
    mirror_answers "$codename" || return "$kNoMirror"
    rm -rf --one-file-system "$root.part"
    # Not every debootstrap knows the name of a release in the making; its script is that of sid.
    if ! debootstrap --variant=minbase "$codename" "$root.part" "$mirror" sid >"$root.log" 2>&1; then
      tail -5 "$root.log"
      echo "debootstrap failed; all it said is in $root.log"
      return 1
    fi
    mv "$root.part" "$root"
  fi
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  [ -e "$root/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
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
