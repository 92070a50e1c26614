#!/usr/bin/env bash
# soak.sh PROGRAM MINUTES [JOBS] [FIRST_SEED]: random worlds with new numbers for nine tenths of the time, then every
# incident and quickstart scenario with new seeds, both with the nine invariants on.
#
# Of a scenario only our own bugs (exit code 70, a crash) and broken laws count: an expectation written for the seed in
# the file may well fail with another seed. Each failure is printed as the line that replays it, and is appended to
# build/soak.txt; worlds leave their shrunk scenario in build/worlds/.
set -euo pipefail
program=$1
minutes=$2
jobs=${3:-1}
seed=${4:-$(( $(date +%s) % 1000000 * 1000 ))}
cd "$(dirname "$0")/.."
mkdir -p build
start=$(date +%s)
deadline=$(( start + minutes * 60 ))
worlds_until=$(( start + minutes * 54 ))
worlds="$(dirname "$program")/tests/worlds"
failures=0
runs=0

number=$seed
while (( $(date +%s) < worlds_until )); do
  for slice in inside:500 outside:150 broken_disks:50 quiet:500; do
    family=${slice%%:*}
    count=${slice##*:}
    if ! output=$("$worlds" "$((number + 1))..$((number + count))" --family "$family" --jobs "$jobs"); then
      failures=$((failures + 1))
      grep -A1 '^world ' <<<"$output" | tee -a build/soak.txt || echo "$output" | tee -a build/soak.txt
    fi
    runs=$((runs + count))
  done
  number=$((number + 500))
done
echo "soak: $runs worlds from number $((seed + 1)), $failures slices with failures"

runs=0
while (( $(date +%s) < deadline )); do
  while read -r file; do
    if (( $(date +%s) >= deadline )); then break; fi
    code=0
    output=$("$program" run "$file" --seed "$seed" --invariants --json 2>/dev/null) || code=$?
    runs=$((runs + 1))
    if [[ $code -ne 0 && $code -ne 1 && $code -ne 3 ]] || grep -q '"verdict" *: *"violated"' <<<"${output//\"expectations\"*/}"; then
      failures=$((failures + 1))
      echo "$program run $file --seed $seed --invariants   # exit code $code" | tee -a build/soak.txt
    fi
  done < <(find scenarios/incidents scenarios/quickstart -name '*.json' 2>/dev/null | sort)
  seed=$((seed + 1))
  if [[ $runs -eq 0 ]]; then echo "error: no scenario found" >&2; exit 1; fi
done
echo "soak: $runs runs of scenarios, $failures failures in all"
[[ $failures -eq 0 ]]
