#!/usr/bin/env bash
# stage.sh DIR: copies the PostgreSQL that PG_CONFIG names below DIR and installs extension and helper
# into that copy, so that nothing of the system changes.  Prints the copy's bin folder.
# PostgreSQL finds its own parts relative to where it is (src/port/path.c).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$1
: "${PG_CONFIG:=pg_config}"

bindir=$("$PG_CONFIG" --bindir)
libdir=$("$PG_CONFIG" --pkglibdir)
sharedir=$("$PG_CONFIG" --sharedir)
for folder in "$bindir" "$libdir" "$sharedir"; do
  mkdir -p "$target$folder"
  cp -a "$folder/." "$target$folder/"
done
# Only names of other folders' files, such as Debian's time zones, may be links out of the copy.
make -C "$here" --no-print-directory -s PG_CONFIG="$PG_CONFIG" DESTDIR="$target" install >&2
echo "$target$bindir"
