#!/usr/bin/env bash
# smallest_scenario.sh PROGRAM: prints the shipped scenario whose run executes the fewest events.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
source tools/fingerprints.sh
while read -r file; do
  events=$("$program" run "$file" --json 2>/dev/null | sed -n 's/.*"events" *: *\([0-9]*\).*/\1/p' | head -n 1 || true)
  if [[ -n "$events" ]]; then echo "$events $file"; fi
done < <(shipped_scenarios) | sort -n | sed -n '1s/^[0-9]* //p'
