#!/usr/bin/env bash
# The suites, one after the other, as the user who runs the servers; called by run.sh.  Goes on after
# a failed suite and ends with the count of all.
set -uo pipefail
work=$1
say() { printf '\n== %s\n' "$*"; }

if [ -n "$PG_BATON_BENCH" ]; then
  read -ra only <<<"$PG_BATON_BENCH_ONLY"
  if [ "${#only[@]}" -gt 0 ]; then exec "$work/bin/${only[0]}" "${only[@]:1}"; fi
  "$work/bin/cost_bench" && "$work/bin/standby_bench" && "$work/bin/rejoin_bench" &&
    "$work/bin/archive_check_bench" && "$work/bin/archive_bench" && "$work/bin/clone_bench" &&
    exec "$work/bin/switchover_bench"
  exit 1
fi

passed=0
failed=0
suites_failed=()
sum_of() { awk '{ sum += $1 } END { print sum + 0 }'; }
# google_test NAME PROGRAM REPEAT [PARTS]: runs a GoogleTest program, in so many parts at once, and takes
# its own count from what it prints; with PG_BATON_LONG so many times, each time in another order.
google_test() {
  local name=$1 program=$2 parts=${4:-1} output=$work/run/$1.out begin=$SECONDS ok=0 part
  local long=() running=()
  [ -z "$PG_BATON_LONG" ] || long=(--gtest_shuffle "--gtest_repeat=$3")
  say "$name"
  for ((part = 0; part < parts; part++)); do
    GTEST_TOTAL_SHARDS=$parts GTEST_SHARD_INDEX=$part PG_BATON_TEST_FREEZER=$work/freezer$part \
      "$program" --gtest_brief=1 ${long[@]+"${long[@]}"} >"$output.$part" 2>&1 &
    running+=($!)
  done
  : >"$output"
  for ((part = 0; part < parts; part++)); do
    wait "${running[part]}" || ok=$?
    tee -a "$output" <"$output.$part"
  done
  local good bad
  good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$output" | sum_of)
  bad=$(sed -n 's/^\[==========\] \([0-9]*\) test.* ran\..*/\1/p' "$output" | sum_of)
  bad=$((${bad:-0} - ${good:-0}))
  passed=$((passed + ${good:-0}))
  failed=$((failed + bad))
  if [ "$ok" != 0 ]; then
    suites_failed+=("$name")
    # A program that died has counted nothing.
    [ "$bad" -gt 0 ] || failed=$((failed + 1))
  elif [ "${good:-0}" = 0 ]; then
    echo "$name ran no test"
    [ "$GTEST_FILTER" != '*' ] || { suites_failed+=("$name"); failed=$((failed + 1)); }
  fi
  echo "$name: ${good:-0} passed, $bad failed, $((SECONDS - begin)) s"
}

regress() {
  say "pg_regress"
  # In the order of "make installcheck", since one sees what another has left.
  local tests=$REGRESS
  mkdir -p "$work/run/regress"
  # shellcheck disable=SC2086
  if "$PG_REGRESS" --inputdir="$work" --outputdir="$work/run/regress" \
    --temp-instance="$work/run/regress/instance" --temp-config="$work/regress.conf" \
    --bindir="$PG_BATON_TEST_BINDIR" --dbname=contrib_regression --port=$((61000 + RANDOM % 4000)) \
    $tests >"$work/run/regress.out" 2>&1; then
    passed=$((passed + $(echo $tests | wc -w)))
  else
    failed=$((failed + 1))
    suites_failed+=(pg_regress)
    cat "$work/run/regress/regression.diffs" 2>/dev/null
    tail -30 "$work/run/regress/log/postmaster.log" 2>/dev/null
  fi
  grep -E '^(test |ok |not ok |# All|All |1\.\.)' "$work/run/regress.out" || cat "$work/run/regress.out"
}

monitoring() {
  say "monitoring"
  local output=$work/run/monitoring.out good bad
  bash "$work/monitoring.sh" "$work/monitoring" "$work/bin" 2>&1 | tee "$output"
  local ok=${PIPESTATUS[0]}
  good=$(sed -n 's/^monitoring: \([0-9]*\) passed.*/\1/p' "$output")
  bad=$(sed -n 's/^monitoring: .* \([0-9]*\) failed$/\1/p' "$output")
  # A script that died has counted nothing.
  [ "$ok" = 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
  passed=$((passed + ${good:-0}))
  failed=$((failed + ${bad:-0}))
  [ "$ok" = 0 ] || suites_failed+=(monitoring)
}

if [ -z "$PG_BATON_QUICK$PG_BATON_SCENARIOS" ]; then
  google_test "unit tests" "$work/bin/unit_tests" 100
  google_test "unit tests under ASan and UBSan" "$work/bin/unit_tests_sanitized" 20
fi
if [ "$GTEST_FILTER" = '*' ]; then
  [ -n "$PG_BATON_QUICK$PG_BATON_SCENARIOS" ] || monitoring
  regress
fi
if [ -z "$PG_BATON_QUICK" ]; then google_test "scenarios with real servers" "$work/bin/cluster_tests" 3 "$PG_BATON_TEST_PARTS"; fi

left=$(pgrep -u "$(id -u)" -f "$work/run${PG_BATON_TEST_MEMORY:+|$PG_BATON_TEST_MEMORY}" | grep -vx "$$" || true)
for pid in $left; do
  [ -e "/proc/$pid" ] && [ "$pid" != "$$" ] && [ "$pid" != "$PPID" ] || continue
  case "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" in
    *postgres*) echo "a server process was left: $pid"; failed=$((failed + 1)); suites_failed+=(leftovers) ;;
  esac
done

printf '\n%d tests passed, %d failed' "$passed" "$failed"
if [ "$failed" -gt 0 ]; then
  printf ' (%s)\n' "$(IFS=,; echo "${suites_failed[*]}")"
  exit 1
fi
printf '\n'
