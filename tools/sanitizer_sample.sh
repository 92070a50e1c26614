#!/usr/bin/env bash
# The kernel's and the devices' tests, the flagship scenario and some of the matrix's small worlds under
# AddressSanitizer and UndefinedBehaviorSanitizer. Scenario and worlds must also give what the release build gives.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/fingerprints.sh
jobs=${JOBS:-$(nproc)}
scenario=${1:-scenarios/incidents/leader-power-loss.json}
tests=(test_sim test_devices)
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

first=()
if [[ ! -e build/asan-ubsan/CMakeCache.txt ]]; then first=(-DBROKERSIM_WHOLE=ON); fi
cmake --preset asan-ubsan "${first[@]}" >/dev/null
cmake --build build/asan-ubsan --target small_worlds "${tests[@]}" -j "$jobs"
for test in "${tests[@]}"; do
  "build/asan-ubsan/tests/$test" --gtest_brief=1
done
expected=$(fingerprint_of build/release/brokersim "$scenario")
actual=$(build/asan-ubsan/tests/small_worlds --file "$scenario")
if [[ "$expected" == ERROR* || "$actual" != "$expected" ]]; then
  echo "error: $scenario: release gives $expected, the sanitizer build gives $actual" >&2
  exit 1
fi
echo "$scenario: $actual with and without sanitizers"

worlds=1..${SAMPLE_WORLDS:-30}
expected=$(build/release/tests/small_worlds "$worlds")
actual=$(build/asan-ubsan/tests/small_worlds "$worlds")
if [[ -z "$expected" || "$(grep '^[0-9]' <<<"$actual")" != "$(grep '^[0-9]' <<<"$expected")" ]]; then
  echo "error: small worlds differ between the release build and the sanitizer build:" >&2
  diff <(echo "$expected") <(echo "$actual") | head -n 10 >&2
  exit 1
fi
echo "small worlds $worlds: the same with and without sanitizers"
