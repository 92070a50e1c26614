#!/usr/bin/env bash
# The kernel's and the devices' tests and the flagship scenario under AddressSanitizer and UndefinedBehaviorSanitizer.
# The scenario must also give the fingerprint of the release build.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/fingerprints.sh
jobs=${JOBS:-$(nproc)}
scenario=${1:-scenarios/incidents/leader-power-loss.json}
tests=(test_sim test_devices)
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

cmake --preset asan-ubsan >/dev/null
cmake --build build/asan-ubsan --target brokersim "${tests[@]}" -j "$jobs"
for test in "${tests[@]}"; do
  "build/asan-ubsan/tests/$test" --gtest_brief=1
done
expected=$(fingerprint_of build/release/brokersim "$scenario")
actual=$(fingerprint_of build/asan-ubsan/brokersim "$scenario")
if [[ "$expected" == ERROR* || "$actual" != "$expected" ]]; then
  echo "error: $scenario: release gives $expected, the sanitizer build gives $actual" >&2
  exit 1
fi
echo "$scenario: $actual with and without sanitizers"
