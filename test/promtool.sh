#!/usr/bin/env bash
# Prints the path of promtool: that of the search path, or one taken from Debian's package into the
# build folder.  Nothing is installed, so no daemon starts.  Works with and without root; where it
# cannot be had, says why and fails.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$here/build/promtool

cannot() {
  echo "promtool cannot be had: $*" >&2
  exit 1
}
if command -v promtool; then exit 0; fi
if [ ! -x "$folder/usr/bin/promtool" ]; then
  command -v apt-get >/dev/null || cannot "it is not in the search path, and there is no apt-get"
  work=$(mktemp -d /tmp/pg_baton-promtool.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  options=(-q -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1)
  [ "$(id -u)" != 0 ] || options+=(-o APT::Sandbox::User=root)
  # It is a package of its own from Debian 13 on.
  download() {
    apt-get "${options[@]}" download promtool >>log 2>&1 ||
      apt-get "${options[@]}" download prometheus >>log 2>&1
  }
  if ! download; then
    # The lists of packages are missing, or too old for the mirror; only root may renew the system's.
    mkdir -p lists/partial cache/archives/partial
    options+=(-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
    { apt-get "${options[@]}" -o Acquire::Check-Valid-Until=false update >>log 2>&1 && download; } ||
      cannot "apt-get could not download it: $(
        { grep -m1 'Failed to fetch' log || grep '^E:' log || echo 'it does not say why'; } | tail -1
      )"
  fi
  dpkg -x prom*.deb unpacked 2>log || cannot "could not unpack the package: $(tail -1 log)"
  unpacked/usr/bin/promtool --version >/dev/null 2>log ||
    cannot "Debian's does not run here: $(tail -1 log)"
  install -D -m 755 unpacked/usr/bin/promtool "$folder/usr/bin/promtool"
fi
echo "$folder/usr/bin/promtool"
