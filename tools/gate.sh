#!/usr/bin/env bash
# The determinism matrix: one fingerprint per shipped scenario, whatever built it and whatever runs it.
#
# Columns: g++ -O3 twice, g++ -O0, clang++ -O3, clang++ -O0, AddressSanitizer + UndefinedBehaviorSanitizer, and the
# Python module with all scenarios at once on two threads of one process. At the end valgrind looks at one scenario.
# Environment: JOBS (default: all cores), GATE_COLUMNS (default: all), GATE_VALGRIND (scenario file; default: the
# one with the fewest events).
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/fingerprints.sh

jobs=${JOBS:-$(nproc)}
python=${PYTHON:-python3}
read -r -a columns <<<"${GATE_COLUMNS:-release again gcc-O0 clang clang-O0 asan-ubsan python}"
out=build/gate
mkdir -p "$out"
rm -f "$out"/*.txt
failures=0

# A leak or a sanitizer report must change the exit code, which fingerprint_of turns into ERROR.
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

build() {
  echo "gate: building $1" >&2
  cmake --preset "$1" "-DPython3_EXECUTABLE=$(command -v "$python")" >/dev/null
  cmake --build "build/$1" --target "$2" -j "$jobs" >"$out/build-$1.log" || { tail -n 40 "$out/build-$1.log" >&2; exit 1; }
}

for column in "${columns[@]}"; do
  case $column in
    again) all_fingerprints build/release/brokersim "$jobs" >"$out/$column.txt" ;;
    python)
      build release _brokersim
      mapfile -t scenarios < <(shipped_scenarios)
      PYTHONPATH=build/release/python "$python" tools/fingerprints.py "${scenarios[@]}" | sort >"$out/$column.txt"
      ;;
    *)
      build "$column" brokersim
      echo "gate: running every scenario with $column" >&2
      all_fingerprints "build/$column/brokersim" "$jobs" >"$out/$column.txt"
      ;;
  esac
done

reference=${columns[0]}
width=$(shipped_scenarios | awk '{ if (length($0) > n) n = length($0) } END { print n }')
printf "%-${width}s  %-20s" scenario "$reference"
for column in "${columns[@]:1}"; do printf '  %-10s' "$column"; done
echo
while read -r file expected; do
  printf "%-${width}s  %-20s" "$file" "$expected"
  if [[ "$expected" == ERROR* ]]; then failures=$((failures + 1)); fi
  for column in "${columns[@]:1}"; do
    actual=$(awk -v file="$file" '$1 == file { $1 = ""; print substr($0, 2) }' "$out/$column.txt")
    if [[ "$actual" == "$expected" ]]; then
      printf '  %-10s' same
    else
      printf '  %-10s' "${actual:-MISSING}"
      failures=$((failures + 1))
    fi
  done
  echo
done <"$out/$reference.txt"

# Tapes of the first column replay bit for bit on every other, and answer as they should after a change of the code.
others=()
for column in "${columns[@]:1}"; do
  if [[ $column != again && $column != python ]]; then others+=("build/$column/brokersim"); fi
done
echo "gate: replaying tapes on the other builds" >&2
JOBS=$jobs tools/replay_builds.sh build/release/brokersim "${others[@]}" || failures=$((failures + 1))

if command -v valgrind >/dev/null 2>&1; then
  small=${GATE_VALGRIND:-$(tools/smallest_scenario.sh build/release/brokersim)}
  build valgrind brokersim
  echo "gate: valgrind memcheck on $small" >&2
  code=0
  valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    build/valgrind/brokersim run "$small" --json >"$out/valgrind.json" 2>"$out/valgrind.log" || code=$?
  if [[ $code -ne 0 && $code -ne 1 && $code -ne 3 ]]; then
    tail -n 60 "$out/valgrind.log" >&2
    echo "valgrind: errors in $small (exit $code)"
    failures=$((failures + 1))
  else
    echo "valgrind: nothing found in $small"
  fi
else
  echo "error: valgrind is missing" >&2
  failures=$((failures + 1))
fi

if [[ $failures -ne 0 ]]; then
  echo "gate: FAILED, $failures differences" >&2
  exit 1
fi
echo "gate: passed"
