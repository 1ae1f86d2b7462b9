#!/usr/bin/env bash
# Every C++ file is as .clang-format says; `./dev tidy` makes it so. Other versions of clang-format differ in detail.
set -euo pipefail
cd "${1:?root}"
command -v clang-format-14 >/dev/null || { echo "skipped: clang-format-14 is not installed"; exit 77; }
mapfile -t files < <(git ls-files --cached --others --exclude-standard 2>/dev/null | grep -E '\.(cpp|h|c)$' || find src fuzz bench tests -name '*.cpp' -o -name '*.h')
printf '%s\0' "${files[@]}" | xargs -0 -n 64 -P "$(nproc)" clang-format-14 --dry-run -Werror
