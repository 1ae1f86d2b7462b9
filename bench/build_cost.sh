#!/usr/bin/env bash
# What a build costs without ccache: the release preset from nothing, and the time from an edit of one .cpp to its domain's
# tests having run.
#   bench/build_cost.sh [all|edit]      edit: over the build that is there
set -euo pipefail
cd "$(dirname "$0")/.."
export CCACHE_DISABLE=1
dir=build/bench-build
now() { date +%s.%N; }
line() { printf '{"bench": "build_cost", "figure": "%s", "value": %.1f, "unit": "s"%s}\n' "$1" "$2" "${3:+, \"aim\": $3, \"sense\": \"max\"}"; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN {print b - a}'; }

if [ "${1:-all}" = all ] || [ ! -d "$dir" ]; then
  rm -rf "$dir"
  start=$(now)
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  cmake --build "$dir" >&2
  line "clean release build, tests included" "$(since "$start")" 480
fi
for file in src/fleet/service.cpp src/vuln/match/evaluate.cpp src/ledger/transaction.cpp; do
  [ -f "$file" ] || continue
  domain=$(cut -d/ -f2 <<<"$file")
  cmake --build "$dir" --target "hf_${domain}_test" >&2
  touch "$file"
  start=$(now)
  cmake --build "$dir" --target "hf_${domain}_test" >&2
  tests/support/with_postgres "$dir/src/$domain/hf_${domain}_test" --gtest_brief=1 >&2
  line "edit of $file to its domain's tests run" "$(since "$start")" 30
done
