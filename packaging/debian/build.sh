#!/usr/bin/env bash
# Makes two Debian packages of this tree, for the PostgreSQL that PG_CONFIG names, with the compiler
# and the libraries of this machine: postgresql-VERSION-pg-baton (the extension) and pg-baton (the
# program, its manual page and completion, the drop-in for systemd).  Prints their paths.
#   DEB_DIR=...         where they go; default: build/debian
#   DEB_VERSION=...     their version; default: that of the library, and 1
#   DEB_MAINTAINER=...  who answers for them, as "Name <address>"
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${PG_CONFIG:=pg_config}" "${DEB_DIR:=$here/build/debian}"
major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
upstream=$(sed -n 's/.*kVersion = "\(.*\)";/\1/p' "$here/extension/version.hpp")
version=${DEB_VERSION:-$upstream-1}
maintainer=${DEB_MAINTAINER:-"pg_baton authors <pg_baton@$(hostname -f 2>/dev/null || hostname)>"}
extension=postgresql-$major-pg-baton
architecture=$(dpkg --print-architecture)
# A package made twice of the same commit is the same.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -c "safe.directory=$here" -C "$here" log -1 --format=%ct 2>/dev/null || stat -c %Y "$here/CHANGELOG.md")
fi
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make_here() { make -C "$here" --no-print-directory -s PG_CONFIG="$PG_CONFIG" "$@" >&2; }
make_here install-extension DESTDIR="$work/$extension"
make_here install-helper DESTDIR="$work/pg-baton" BINDIR=/usr/bin DATADIR=/usr/share

gzip -9n "$work/pg-baton/usr/share/man/man1/pg_baton.1"
strip --strip-unneeded --remove-section=.comment --remove-section=.note \
  "$work/pg-baton/usr/bin/pg_baton" "$work/$extension$("$PG_CONFIG" --pkglibdir)/pg_baton.so"
drop_in="$work/pg-baton/usr/lib/systemd/system/postgresql@.service.d"
install -d "$drop_in"
# The comment there says how to copy it, which is done.
sed -e 's#/usr/local/bin/pg_baton#/usr/bin/pg_baton#' -e 's#  Copy it to .*##' \
  "$here/packaging/systemd/postgresql@.service.d/pg_baton.conf" >"$drop_in/pg_baton.conf"

# dpkg-shlibdeps wants a source package around it.
mkdir -p "$work/source/debian"
cat >"$work/source/debian/control" <<CONTROL
Source: pg-baton
Maintainer: $maintainer

Package: pg-baton
Architecture: any

Package: $extension
Architecture: any
CONTROL
# needs FILE: the packages that its libraries come from.
needs() {
  (cd "$work/source" && dpkg-shlibdeps -O "$1" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

# package NAME DEPENDENCIES MORE SUMMARY DESCRIPTION: control file, documents, checksums, package.
package() {
  local root=$work/$1 doc=$work/$1/usr/share/doc/$1
  install -d "$root/DEBIAN" "$doc"
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
    printf 'Upstream-Name: pg_baton\n\nFiles: *\nCopyright: 2026, the pg_baton authors\nLicense: PostgreSQL\n'
    sed -n '/^Permission/,$p' "$here/LICENSE" | sed -e 's/^$/./' -e 's/^/ /'
  } >"$doc/copyright"
  printf 'pg-baton (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n' "$version" \
    "$maintainer" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.Debian.gz"
  gzip -9n <"$here/CHANGELOG.md" >"$doc/changelog.gz"
  for script in postinst prerm postrm; do
    [ -e "$here/packaging/debian/${1/-$major-/-}.$script" ] || continue
    sed "s/@MAJOR@/$major/g" "$here/packaging/debian/${1/-$major-/-}.$script" >"$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
  done
  cat >"$root/DEBIAN/control" <<CONTROL
Package: $1
Source: pg-baton
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $2
${3}Section: database
Priority: optional
Description: $4
$5
CONTROL
  (cd "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z |
    xargs -0 md5sum >DEBIAN/md5sums)
  find "$root" -type d -exec chmod 755 {} +
  dpkg-deb --root-owner-group --build "$root" "$DEB_DIR/${1}_${version}_$architecture.deb" >/dev/null
  echo "$DEB_DIR/${1}_${version}_$architecture.deb"
}

mkdir -p "$DEB_DIR"
install -D -m 644 -t "$work/pg-baton/usr/share/doc/pg-baton" "$here/README.md"
cp -r "$here/doc" "$here/monitoring" "$work/pg-baton/usr/share/doc/pg-baton/"
find "$work/pg-baton/usr/share/doc" -type f -exec chmod 644 {} +
package "$extension" \
  "postgresql-$major, $(needs "$work/$extension$("$PG_CONFIG" --pkglibdir)/pg_baton.so")" \
  $'Recommends: pg-baton\n' 'hot standbys of PostgreSQL: the extension' \
  " Every server of the cluster loads it: it judges health, promotes after checks that give their
 reasons, swaps roles in place, and lets no commit through on a primary that has a successor."
package pg-baton "$(needs "$work/pg-baton/usr/bin/pg_baton")" \
  "Recommends: $extension"$'\n' 'hot standbys of PostgreSQL: the program' \
  " Makes a server ready to have standbys, clones and rejoins them, shows, promotes and swaps, and
 proves archives.  It brings a drop-in for systemd by which an old primary does not start beside
 the new one."
