#!/usr/bin/env bash
# check_repeat.sh PROGRAM JUNIT [JOBS]: runs every shipped scenario in a process of its own and compares its fingerprint
# with the one that a `brokersim test scenarios --junit JUNIT` before has told. Prints each.
set -euo pipefail
program=$(realpath "$1")
junit=$(realpath "$2")
jobs=${3:-$(nproc)}
cd "$(dirname "$0")/.."
source tools/fingerprints.sh

# A line with the file's name, then one with its properties.
first=$(sed -n '/<testcase .* name="scenarios\//{N;s/.* name="\(scenarios\/[^"]*\)".*"fingerprint" value="\([0-9a-f]*\)".*/\1 \2/p}' "$junit" | sort)
second=$(all_fingerprints "$program" "$jobs")
echo "$second"
if [[ -z "$first" ]]; then
  echo "error: $junit tells of no scenario" >&2
  exit 1
fi
if grep -q ERROR <<<"$second"; then
  echo "error: these scenarios gave no fingerprint:" >&2
  grep ERROR <<<"$second" >&2
  exit 1
fi
if [[ "$first" != "$second" ]]; then
  echo "error: a second run of the same scenario gave another fingerprint:" >&2
  diff <(echo "$first") <(echo "$second") >&2 || true
  exit 1
fi
echo "$(wc -l <<<"$second") scenarios, each run twice: same fingerprints"
