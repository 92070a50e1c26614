#!/usr/bin/env bash
# soak.sh PROGRAM MINUTES [FIRST_SEED]: runs every incident and quickstart scenario with new seeds until the time is up.
#
# Only our own bugs (exit code 70, a crash) and broken laws count: an expectation written for the seed in the file may
# well fail with another seed. Each failure is printed as the line that replays it, and is appended to build/soak.txt.
set -euo pipefail
program=$1
minutes=$2
seed=${3:-$(( $(date +%s) % 1000000 * 1000 ))}
cd "$(dirname "$0")/.."
mkdir -p build
deadline=$(( $(date +%s) + minutes * 60 ))
runs=0
failures=0
while (( $(date +%s) < deadline )); do
  while read -r file; do
    if (( $(date +%s) >= deadline )); then break; fi
    code=0
    output=$("$program" run "$file" --seed "$seed" --json 2>/dev/null) || code=$?
    runs=$((runs + 1))
    if [[ $code -ne 0 && $code -ne 1 && $code -ne 3 ]] || grep -q '"verdict" *: *"violated"' <<<"${output//\"expectations\"*/}"; then
      failures=$((failures + 1))
      echo "$program run $file --seed $seed   # exit code $code" | tee -a build/soak.txt
    fi
  done < <(find scenarios/incidents scenarios/quickstart -name '*.json' 2>/dev/null | sort)
  seed=$((seed + 1))
  if [[ $runs -eq 0 ]]; then echo "error: no scenario found" >&2; exit 1; fi
done
echo "soak: $runs runs, $failures failures"
[[ $failures -eq 0 ]]
