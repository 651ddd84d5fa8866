#!/usr/bin/env bash
# Installs what building and testing need, where something is missing.  Does nothing where all is
# there; without root or sudo it says what to install and fails.
set -euo pipefail

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
case "$codename" in
  bookworm) major=15 ;;
  trixie) major=17 ;;
  forky | sid) major=18 ;;
  *) major=$(pg_config --version 2>/dev/null | sed 's/[^0-9]*\([0-9]*\).*/\1/') ;;
esac

packages=(
  ca-certificates cmake g++ git groff-base make openssl pkg-config
  "postgresql-$major" "postgresql-client-$major" "postgresql-server-dev-$major" libpq-dev libkrb5-dev
  libcli11-dev libcpp-httplib-dev libfmt-dev liblz4-dev libzstd-dev zlib1g-dev nlohmann-json3-dev libgtest-dev libgmock-dev
)
# Debian says what each package's absence looks like; asking for all at once is fast.
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [ "${status:0:2}" = ii ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=(sudo)
  else
    echo "pg_baton: packages are missing; as root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

echo "installing: ${missing[*]}"
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null; }
# A mirror's list of a release in the making can be past its date, and apt then takes nothing from it.
# It is signed all the same.  Where even that fails, the lists of an earlier update may do.
apt -q update || {
  echo "pg_baton: trying again, with package lists past their date allowed" >&2
  apt -q -o Acquire::Check-Valid-Until=false update
} || echo "pg_baton: could not update the package lists; going on with those at hand" >&2

# A new PostgreSQL package would create and start a cluster "main"; nobody asked for one.  The
# setting holds for this installation alone and is taken back when the script ends.
settings=/etc/postgresql-common/createcluster.conf
kept=
restore() {
  [ -z "$kept" ] || "${as_root[@]}" tee "$settings" <"$kept" >/dev/null
  rm -f "$kept"
}
trap restore EXIT
trap 'exit 130' INT TERM
result=0
if [[ " ${missing[*]} " == *" postgresql-$major "* ]]; then
  apt -qy --no-install-recommends install postgresql-common || result=$?
  if [ "$result" = 0 ]; then
    before=$(mktemp)
    cat "$settings" >"$before"
    kept=$before
    echo 'create_main_cluster = false' | "${as_root[@]}" tee -a "$settings" >/dev/null
  fi
fi
[ "$result" != 0 ] || apt -qy --no-install-recommends install "${missing[@]}" || result=$?
[ "$result" = 0 ] || echo "pg_baton: could not install all packages; see above" >&2
exit "$result"
