#!/usr/bin/env bash
# Runs small random worlds in three processes that share nothing but the program, and compares what they print.
#   tools/small_worlds_twice.sh PROGRAM FIRST..LAST
# The second process has another address layout (no ASLR where that is allowed), freed memory that is overwritten, a
# large environment, and goes through the worlds in the other order. The third one has a planted bug, an address that
# counts as a draw: if that went unnoticed, the comparison would prove nothing.
set -euo pipefail
program=$1
range=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fixed_layout=()
if setarch --addr-no-randomize true 2>/dev/null; then fixed_layout=(setarch --addr-no-randomize); fi
ballast=$(printf 'x%.0s' $(seq 1 50000))

"$program" "$range" >"$folder/plain" &
env BALLAST="$ballast" MALLOC_PERTURB_=165 MALLOC_ARENA_TEST=1 "${fixed_layout[@]}" "$program" "$range" --backwards >"$folder/other" &
env BALLAST="${ballast:0:12345}" "$program" "$range" --plant >"$folder/planted" &
wait -n && wait -n && wait -n

if ! cmp -s "$folder/plain" "$folder/other"; then
  echo "small worlds differ between two processes:"
  diff "$folder/plain" "$folder/other" | head -n 20
  exit 1
fi
if grep -q 'BUG' "$folder/plain"; then
  echo "a small world ran into a bug of ours:"
  grep 'BUG' "$folder/plain"
  exit 1
fi
if cmp -s "$folder/plain" "$folder/planted"; then
  echo "the planted address was not noticed"
  exit 1
fi
tail -n 1 "$folder/plain"
echo "$(($(wc -l <"$folder/plain") - 1)) worlds, one fingerprint each; the planted bug is noticed"
