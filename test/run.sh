#!/usr/bin/env bash
# Builds everything and runs all tests; what `make test` does after `make deps`.  Started by root, the
# tests go on as the unprivileged user postgres.  Servers live in a temporary directory, on ports of
# their own; nothing of the system changes.
#   PG_BATON_QUICK=1   builds, loads, runs pg_regress; no scenarios
#   PG_BATON_SCENARIOS=1  pg_regress and scenarios; no unit tests
#   PG_BATON_LONG=1    with the repetitions that take long
#   PG_BATON_BENCH=1   runs the bench programs instead; PG_BATON_BENCH_ONLY="PROGRAM PART..." one
#   PG_BATON_TEST_PARTS=N  how many scenarios run at once; one more than processors, if not said
#   GTEST_FILTER=...   picks tests of the unit and scenario programs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${PG_CONFIG:=pg_config}" "${JOBS:=$(nproc)}"
export PG_CONFIG
major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')

say() { printf '\n== %s\n' "$*"; }
make_here() { make -C "$here" --no-print-directory -s "$@"; }

say "build for PostgreSQL $major, warnings are errors"
cmake -S "$here" -B "$here/build/helper" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPG_BATON_WERROR=ON >/dev/null
make_here PG_CONFIG="$PG_CONFIG" WERROR=-Werror extension >/dev/null
targets=(pg_baton)
[ -n "${PG_BATON_QUICK:-}" ] || targets+=(unit_tests cluster_tests metrics_example dashboard_queries)
[ -z "${PG_BATON_SCENARIOS:-}" ] || targets=(pg_baton cluster_tests)
[ -z "${PG_BATON_BENCH:-}" ] || targets=(pg_baton standby_bench cost_bench switchover_bench rejoin_bench archive_check_bench archive_bench clone_bench)
cmake --build "$here/build/helper" --target "${targets[@]}" -j"$JOBS" >/dev/null
if [ -z "${PG_BATON_QUICK:-}${PG_BATON_BENCH:-}${PG_BATON_SCENARIOS:-}" ]; then
  cmake -S "$here" -B "$here/build/sanitized" -DCMAKE_BUILD_TYPE=Debug -DPG_BATON_WERROR=ON \
    -DPG_BATON_SANITIZE=ON >/dev/null
  cmake --build "$here/build/sanitized" --target unit_tests -j"$JOBS" >/dev/null
fi

# Other users may not be able to enter the checkout, so what the tests need goes where they can.
work=$(mktemp -d /tmp/pg_baton-test.XXXXXX)
freezers=()
memory=
clean_up() {
  if [ ${#freezers[@]} -gt 0 ]; then
    kill "${freezers[@]}" 2>/dev/null || true
    wait "${freezers[@]}" 2>/dev/null || true
  fi
  rm -rf --one-file-system "$work" ${memory:+"$memory"}
}
trap clean_up EXIT
chmod 755 "$work"
bin=$("$here/test/stage.sh" "$work/stage")
make -s -C "$here/test/doors" PG_CONFIG="$PG_CONFIG" BUILD="$here/build/doors$major" \
  DESTDIR="$work/stage" install >/dev/null
mkdir "$work/bin" "$work/run"
for target in "${targets[@]}"; do cp "$here/build/helper/$target" "$work/bin/"; done
# What tests of power losses load into other programs, and one such program.
for part in libpower_recorder.so power_actor; do
  [ ! -e "$here/build/helper/$part" ] || cp "$here/build/helper/$part" "$work/bin/"
done
[ ! -e "$here/build/sanitized/unit_tests" ] ||
  cp "$here/build/sanitized/unit_tests" "$work/bin/unit_tests_sanitized"
if [ -z "${PG_BATON_QUICK:-}${PG_BATON_BENCH:-}${PG_BATON_SCENARIOS:-}" ] && promtool=$("$here/test/promtool.sh"); then
  cp "$promtool" "$work/bin/promtool"
fi
cp -r "$here/sql" "$here/expected" "$here/README.md" "$here/doc" "$here/monitoring" "$here/packaging" \
  "$here/test/regress.conf" "$here/test/suites.sh" "$here/test/monitoring.sh" "$work/"

# Where there is room in memory, scenarios that try no disk need not wait for one.
if [ -z "${PG_BATON_BENCH:-}" ] && [ "$(df --output=avail /dev/shm 2>/dev/null | tail -1 || echo 0)" -gt 4000000 ]; then
  memory=$(mktemp -d /dev/shm/pg_baton-test.XXXXXX)
fi
# Scenarios wait for servers most of the time, so more of them than processors run at once.
parts=${PG_BATON_TEST_PARTS:-$(($(nproc) + 1))}
run_as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$work/run" ${memory:+"$memory"}
  run_as=(runuser -u postgres --)
  # Only root can freeze a file system; without it the tests imitate a storage that hangs.
  for ((part = 0; part < parts; part++)); do
    "$here/test/freezer.sh" "$work/freezer$part" postgres &
    freezers+=($!)
  done
fi
regress=$("$PG_CONFIG" --pgxs)
regress=${regress%/makefiles/pgxs.mk}/test/regress/pg_regress
cd "$work/run"
"${run_as[@]}" env -i "PATH=$PATH" "HOME=$work/run" LC_ALL=C.UTF-8 \
  "PG_BATON_TEST_BINDIR=$bin" "PG_BATON_TEST_DIR=$work/run" "PG_REGRESS=$regress" \
  "PG_BATON_TEST_MEMORY=$memory" "PG_BATON_TEST_PARTS=$parts" \
  "PG_BATON_MONITORING=$work/monitoring" "PG_BATON_PACKAGING=$work/packaging" \
  "PG_BATON_DOCUMENTS=$work" \
  "REGRESS=$(sed -n 's/^REGRESS *= *//p' "$here/extension/pgxs.mk")" \
  "PG_BATON_QUICK=${PG_BATON_QUICK:-}" "PG_BATON_SCENARIOS=${PG_BATON_SCENARIOS:-}" "PG_BATON_LONG=${PG_BATON_LONG:-}" \
  "PG_BATON_BENCH=${PG_BATON_BENCH:-}" "PG_BATON_BENCH_SCALE=${PG_BATON_BENCH_SCALE:-20}" \
  "PG_BATON_BENCH_ROUNDS=${PG_BATON_BENCH_ROUNDS:-5}" "PG_BATON_BENCH_IDLE=${PG_BATON_BENCH_IDLE:-60}" \
  "PG_BATON_BENCH_BUFFERS=${PG_BATON_BENCH_BUFFERS:-8192}" \
  "PG_BATON_BENCH_SWITCHOVERS=${PG_BATON_BENCH_SWITCHOVERS:-100}" \
  ${PG_BATON_BENCH_MEGABYTES:+"PG_BATON_BENCH_MEGABYTES=$PG_BATON_BENCH_MEGABYTES"} \
  ${PG_BATON_BENCH_BEYOND:+"PG_BATON_BENCH_BEYOND=$PG_BATON_BENCH_BEYOND"} \
  ${PG_BATON_BENCH_SEGMENTS:+"PG_BATON_BENCH_SEGMENTS=$PG_BATON_BENCH_SEGMENTS"} \
  "PG_BATON_BENCH_ONLY=${PG_BATON_BENCH_ONLY:-}" \
  "GTEST_FILTER=${GTEST_FILTER:-*}" \
  bash "$work/suites.sh" "$work"
if [ -z "${PG_BATON_BENCH:-}" ]; then
  say "house rules"
  "$here/.ci/rules.sh"
fi
