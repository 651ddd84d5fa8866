#!/usr/bin/env bash
# Tests the Debian packages of this tree: installs, uses, upgrades and purges them in a folder with the
# same Debian as this machine, made anew for each run, with a cluster of its own in there.
#   PACKAGE_DIR=...   where the folder is; a bare Debian is kept in it, which makes the next run short
# Needs what test/debian_folder.sh says; where that is not to be had, it says so, loudly.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PACKAGE_DIR=${PACKAGE_DIR:-/var/tmp/pg_baton-packages}
script=package
# shellcheck source=test/debian_folder.sh
. "$here/test/debian_folder.sh"
cannot() { loud "the packages are NOT TESTED: $*"; exit "$kCannot"; }

: "${PG_CONFIG:=pg_config}"
export PG_CONFIG
major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
require_outside PACKAGE_DIR "$PACKAGE_DIR"
require_namespaces "they are installed in a folder that only root may make and enter; as root, run: $0"
mkdir -p "$PACKAGE_DIR"
PACKAGE_DIR=$(cd "$PACKAGE_DIR" && pwd)
exec 9>"$PACKAGE_DIR/lock"
flock -n 9 || fail "another run is at work in \"$PACKAGE_DIR\"; name another folder by PACKAGE_DIR"
prepare_folders

say "build the packages, in two versions"
packages=$PACKAGE_DIR/debs
rm -rf "$packages"
for version in 1.0-1 1.0-2; do
  DEB_VERSION=$version DEB_DIR=$packages/$version "$here/packaging/debian/build.sh"
done
if command -v lintian >/dev/null; then
  lintian --fail-on error "$packages"/1.0-1/*.deb
else
  echo "lintian is not installed, so the packages were not judged by it"
fi

bare=$PACKAGE_DIR/$codename
result=0
make_folder "$codename" "$bare" || result=$?
[ "$result" != "$kNoMirror" ] || cannot "the Debian mirror of apt does not answer"
[ "$result" = 0 ] || fail "could not make a folder with Debian $codename"
# What is needed from a mirror is fetched once.
if [ ! -e "$bare/var/lib/pg_baton_packages" ]; then
  say "packages that ours need"
  inside "$bare" "apt-get -q update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends --download-only \
      postgresql-$major libfmt-dev libcpp-httplib-dev libpq5 libzstd1 liblz4-1 >/dev/null
    touch /var/lib/pg_baton_packages" || cannot "apt could not fetch postgresql-$major in the folder"
fi
root=$PACKAGE_DIR/run
rm -rf --one-file-system "$root"
trap 'rm -rf --one-file-system "$root"' EXIT
cp -a --reflink=auto "$bare" "$root"
cp -r "$packages" "$root/debs"
cp "$here/test/package_inside.sh" "$root/package_inside.sh"
say "install, use, upgrade and purge them with PostgreSQL $major on Debian $codename"
inside "$root" "bash /package_inside.sh $major"
