#!/usr/bin/env bash
# debian_folder.sh: to be sourced by scripts that test in a Debian of their own, inside a folder outside
# of the repository; nothing of the system outside of that folder changes.  It needs root, debootstrap
# (installed if missing) and, for the first run, a Debian mirror; it takes the one that apt is
# configured with, and no mirror or name of it stands in the tree.  `here` is the repository's folder,
# `script` the name of whoever sources this, for its messages, and its `cannot` says what
# is not tested, and why, and ends with kCannot.

fail() { echo "$script: error: $*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }
loud() { printf '\n!!!! %s\n' "$*"; }
# Exit codes where this machine, not the tree, is the reason: all of it, or that no mirror answers.
# shellcheck disable=SC2034
kCannot=77
kNoMirror=77

# require_outside NAME FOLDER: folders of such a test do not belong into the repository.
require_outside() {
  case "$(realpath -m "$2")/" in
    "$here"/*) fail "$1 is \"$2\", inside the repository; name a folder outside" ;;
  esac
}

# require_namespaces EXPLANATION
require_namespaces() {
  [ "$(id -u)" = 0 ] || cannot "$1"
  # Mounts live in a namespace that ends with its first process, and that ends with the shell that
  # started it.  So nothing has to be unmounted, and no server outlives its test.
  namespace=(setpriv --pdeathsig KILL
    unshare --mount --pid --ipc --fork --kill-child --propagation private)
  "${namespace[@]}" true 2>/dev/null ||
    cannot "root may not make namespaces here (unshare failed); a container needs CAP_SYS_ADMIN for that"
}

# Finds debootstrap, and the mirror and the proxies of apt.
prepare_folders() {
  if ! command -v debootstrap >/dev/null; then
    say "install debootstrap"
    { apt-get -q update && apt-get install -qy --no-install-recommends debootstrap; } >/dev/null ||
      fail "could not install debootstrap; see above"
  fi
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
}

# The mirror and the proxy are the ones of apt.  Only lists that were fetched tell whose they are.
mirror_of_apt() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    sed -n '1s#/*$##p'
}

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

# make_folder CODENAME ROOT [ARCHITECTURE]: a small Debian in the folder, if it is not there yet, for that
# architecture or this machine's.  Says why where it fails, and returns kNoMirror where that is no fault of
# the tree.
make_folder() {
  local codename=$1 root=$2 architecture=${3:-$(dpkg --print-architecture)}
  if [ ! -d "$root" ]; then
    say "make a folder with Debian $codename, $architecture"
    mirror_answers "$codename" || return "$kNoMirror"
    rm -rf --one-file-system "$root.part"
    # Not every debootstrap knows the name of a release in the making; its script is that of sid.
    if ! debootstrap --arch="$architecture" --variant=minbase "$codename" "$root.part" "$mirror" sid \
      >"$root.log" 2>&1; then
      tail -5 "$root.log"
      echo "debootstrap failed; all it said is in $root.log"
      return 1
    fi
    mv "$root.part" "$root"
  fi
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  [ -e "$root/etc/hosts" ] || printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
}
