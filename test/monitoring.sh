#!/usr/bin/env bash
# monitoring.sh FOLDER BIN: lets promtool judge the metrics, and the rules and the dashboard in FOLDER.
# BIN has the programs metrics_example and dashboard_queries, and promtool; without the last, what it
# would judge is left out, loudly.  Ends with a count, and fails where one of the claims is wrong.
set -uo pipefail
monitoring=$(realpath "$1")
bin=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/tmp}/pg_baton-monitoring.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# claim SENTENCE COMMAND...: the command has to succeed; if not, all it said is shown.
claim() {
  local sentence=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $sentence"
  else
    failed=$((failed + 1))
    echo "not ok  $sentence"
    sed 's/^/        /' "$work/output"
  fi
}

# promtool finds no fault in an empty text.
metrics_are_sound() { [ -s "$1" ] && "$bin/promtool" check metrics <"$1"; }
rules_are_tested() { (cd "$1" && "$bin/promtool" test rules pg_baton.rules.test.yml); }
# A check that finds no fault in what is wrong shows nothing by finding none elsewhere.
finds_fault() { ! "$@"; }

print_metrics() { "$bin/metrics_example" >"$work/metrics" && [ -s "$work/metrics" ]; }
print_queries() {
  "$bin/dashboard_queries" "$monitoring/grafana-dashboard.json" >"$work/queries.yml"
}

claim "the example of metrics can be printed" print_metrics
claim "the dashboard is JSON, and its panels have queries" print_queries
if [ -x "$bin/promtool" ]; then
  claim "the metrics are as Prometheus wants them" metrics_are_sound "$work/metrics"
  cat "$work/metrics" "$work/metrics" >"$work/twice"
  claim "metrics that are there twice would be found" finds_fault metrics_are_sound "$work/twice"
  claim "the queries of the dashboard are valid" "$bin/promtool" check rules "$work/queries.yml"
  claim "the rules are valid" "$bin/promtool" check rules "$monitoring/pg_baton.rules.yml"
  claim "each alert fires when it should, and only then" rules_are_tested "$monitoring"
  cp "$monitoring"/pg_baton.rules*.yml "$work/"
  sed -i 's/== 2/== 1/' "$work/pg_baton.rules.yml"
  claim "an alert on something else would be found" finds_fault rules_are_tested "$work"
else
  echo "!!!! metrics and alert rules are NOT TESTED by promtool: it cannot be had; run.sh has said why"
fi
echo "monitoring: $passed passed, $failed failed"
[ "$failed" = 0 ]
