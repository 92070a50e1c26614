#!/usr/bin/env bash
# Everything that people look at, one after the other; goes on after a failure and says at the end which failed (exit 1).
# Not in .ci/run, whose time is limited: run it before a release. With the program and the module of build/release.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
for part in trace_test report_test docs_site engines_test package_test; do
  echo "people-test: $part"
  begin=$SECONDS
  tools/$part.sh || failed+=("$part")
  echo "people-test: $part took $((SECONDS - begin)) s"
done
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "people-test: failed: ${failed[*]}" >&2
  exit 1
fi
echo "people-test: passed"
