#!/usr/bin/env bash
# check_repeat.sh PROGRAM [JOBS]: runs every shipped scenario twice and compares the fingerprints.
set -euo pipefail
program=$(realpath "$1")
jobs=${2:-$(nproc)}
cd "$(dirname "$0")/.."
source tools/fingerprints.sh

if [[ -z "$(shipped_scenarios)" ]]; then
  echo "error: no scenario found under scenarios/" >&2
  exit 1
fi
first=$(all_fingerprints "$program" "$jobs")
second=$(all_fingerprints "$program" "$jobs")
echo "$first"
if grep -q ERROR <<<"$first"; then
  echo "error: these scenarios gave no fingerprint:" >&2
  grep ERROR <<<"$first" >&2
  exit 1
fi
if [[ "$first" != "$second" ]]; then
  echo "error: a second run of the same scenario gave another fingerprint:" >&2
  diff <(echo "$first") <(echo "$second") >&2 || true
  exit 1
fi
echo "$(wc -l <<<"$first") scenarios, each run twice: same fingerprints"
