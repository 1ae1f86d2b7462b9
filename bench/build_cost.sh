#!/usr/bin/env bash
# What a build costs without ccache: the release preset from nothing, and the time from an edit of one .cpp to its domain's
# tests having run. Seconds of processor time do not depend on what else the machine does.
#   bench/build_cost.sh [all|edit]      edit: over the build that is there
set -euo pipefail
cd "$(dirname "$0")/.."
export CCACHE_DISABLE=1
exec 3>&2  # for what the builds say
dir=build/bench-build
measure() { # FIGURE AIM COMMAND...: prints wall and processor seconds
  local figure=$1 aim=$2 wall user system TIMEFORMAT='%R %U %S'
  shift 2
  read -r wall user system < <({ time "$@" >&3 2>&3; } 2>&1)
  printf '{"bench": "build_cost", "figure": "%s", "value": %.1f, "unit": "s", "aim": %d, "sense": "max"}\n' "$figure" "$wall" "$aim"
  printf '{"bench": "build_cost", "figure": "%s: processor time", "value": %.1f, "unit": "s"}\n' "$figure" "$(awk "BEGIN {print $user + $system}")"
}
clean_build() { cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release && cmake --build "$dir"; }
edit_to_tested() { cmake --build "$dir" --target "hf_$1_test" && "$dir/src/$1/hf_$1_test" --gtest_brief=1; }

if [ "${1:-all}" = all ] || [ ! -d "$dir" ]; then
  rm -rf "$dir"
  measure "clean release build, tests included" 480 clean_build
fi
for file in src/fleet/service.cpp src/vuln/match/evaluate.cpp src/ledger/transaction.cpp; do
  [ -f "$file" ] || continue
  domain=$(cut -d/ -f2 <<<"$file")
  cmake --build "$dir" --target "hf_${domain}_test" >&2
  touch "$file"
  measure "edit of $file to its domain's tests run" 30 edit_to_tested "$domain"
done
