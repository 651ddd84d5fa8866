#!/usr/bin/env bash
# House rules that a compiler cannot see.  Each is a sentence; a broken one shows where.
set -uo pipefail
# rule counts at the end of a pipeline, so that has to run in this shell.
shopt -s lastpipe
cd "$(dirname "${BASH_SOURCE[0]}")/.."
broken=0
kept=0
# A tree without git, as a release is unpacked, has the same files.
files() { if git rev-parse --git-dir >/dev/null 2>&1; then git ls-files -co --exclude-standard -- "$@"; else find "${@:-.}" -type f -not -path './build/*'; fi; }
# rule SENTENCE: standard input has the places that break it.
rule() {
  local found
  found=$(cat)
  if [ -n "$found" ]; then
    printf 'broken: %s\n%s\n' "$1" "$(sed 's/^/  /' <<<"$found")"
    broken=$((broken + 1))
  else
    kept=$((kept + 1))
  fi
}

files archive extension core helper test | grep -E '\.(cpp|hpp)$' | xargs grep -lE '^#include "postgres\.h"' |
  grep -v '^extension/pg/postgres\.hpp$' | rule 'postgres.h is included by pg/postgres.hpp alone'
files core archive helper | grep -E '\.(cpp|hpp)$' | xargs grep -nE '#include "(pg/|extension/pg/)' |
  rule 'core, archive and helper know nothing of the server'"'"'s headers'
files core | grep -E '\.(cpp|hpp)$' | xargs grep -nE '#include "(archive|helper|extension)/|clock_gettime|system_clock|steady_clock|fopen|fstream' |
  rule 'core has no clock, no file and nothing above it'
files extension | grep -E '\.(cpp|hpp)$' | xargs grep -nE 'PG_VERSION_NUM' |
  grep -v '^extension/pg/compat\.hpp' | rule 'version differences live in pg/compat.hpp'
files extension | grep -E '\.(cpp|hpp)$' | xargs grep -nE 'catch \(' |
  grep -vE '^extension/pg/guard\.hpp|catch \(const core::Error&' |
  rule 'the extension catches errors of the server in guard.hpp alone'
files helper/command | xargs grep -nE '#include "helper/command/(setup_primary|clone|rejoin|promote|switchover|follow|status|check|metrics|archive_push|archive_get|archive_prune)\.' |
  rule 'commands do not include each other'
files test | grep -E '_test\.cpp$' | xargs -r grep -nE 'sleep_for|[^_]sleep\(|DISABLED_|GTEST_SKIP' |
  rule 'tests wait for conditions, and none is disabled'
files test/cluster | grep -E '_(test|scenario)\.cpp$' | xargs -r grep -nE '\bkill\(.*, SIG' |
  rule 'tests send signals by SendSignal, which does not take 0 for a process'
for sql in $(files sql); do
  name=$(basename "$sql" .sql)
  [ -f "expected/$name.out" ] || echo "expected/$name.out is missing"
  grep -qE "^REGRESS .*\b$name\b" extension/pgxs.mk || echo "$name is not in REGRESS"
done | rule 'each file of sql/ has its expected output and stands in REGRESS'
# Those of the checks are made from their table: two for each check that has thresholds to set.
settings_of_checks() {
  awk -v RS='[{]Check::k' 'NR > 1 && !/kNothingToSet/ && match($0, /"[a-z_]+"/) {
    name = substr($0, RSTART + 1, RLENGTH - 2)
    print "pg_baton." name "_warning"
    print "pg_baton." name "_critical"
  }' core/checks.cpp
}
{ [ -n "$(settings_of_checks)" ] || echo 'core/checks.cpp'; } |
  rule 'the table of checks can be read'
# "refused source" of each finding: as it is made, and as the table of their tests has it.
findings_of_clone() {
  cat core/clone_*.cpp | tr -s '\n ' ' ' |
    grep -oE 'verdicts\.(Refuse|Warn|Unknown)\( ?"[a-z_]+"' |
    sed -E 's/verdicts\.//; s/\( ?/ /; s/"//g; s/Refuse/refused/; s/Warn/warning/; s/Unknown/unknown/' | sort
}
table_of_findings() { grep -E '^//   (refused|warning|unknown) ' test/cluster/clone_checks_test.cpp; }
{
  diff <(findings_of_clone) <(table_of_findings | awk '{ print $2, $3 }' | sort) | grep '^[<>]'
  for name in $(table_of_findings | awk '{ sub(";", "", $4); print $4 }' | sort -u); do
    grep -rqE "TEST(_F)?\\(${name%.*}, ${name#*.}\\)" test || echo "no test $name"
  done
} | rule 'the table in clone_checks_test.cpp has each finding of clone, and a test that exists'
for name in $(grep -ohE '"pg_baton\.[a-z_]+"' extension/settings.cpp | tr -d '"') $(settings_of_checks); do
  grep -q "\`$name\`" doc/operations.md 2>/dev/null || echo "$name"
done | rule 'each setting is explained in doc/operations.md'
for doc in README.md CONTRIBUTING.md doc/*.md monitoring/*.md packaging/*.md; do
  [ -f "$doc" ] || continue
  grep -ohE '`(archive|core|extension|helper|control|sql|expected|test|doc|demo|monitoring|packaging|\.ci)/[A-Za-z0-9_./-]*`' "$doc" |
    tr -d '`' | sort -u | while read -r path; do
      [ -e "$path" ] || echo "$doc: $path"
    done
done | rule 'each path that a document names exists'
files archive core extension helper test | grep -E '\.(cpp|hpp)$' | xargs grep -nE 'TODO|FIXME|XXX[^X.]' |
  grep -v 'XXXXXX' | rule 'nothing is left for later in the code'
if command -v clang-format >/dev/null; then
  files archive core extension helper test | grep -E '\.(cpp|hpp)$' |
    xargs clang-format --dry-run 2>&1 | grep -E 'warning:' | cut -d: -f1 | sort | uniq -c |
    rule 'the code is formatted by clang-format'
fi
printf '%d house rules kept, %d broken\n' "$kept" "$broken"
[ "$broken" = 0 ]
