#!/usr/bin/env bash
# The determinism matrix of small random worlds: one line per world, whatever built it and whatever runs it.
#
# Columns: g++ -O3, -O2 and -O0, clang++ -O3 and -O0, AddressSanitizer + UndefinedBehaviorSanitizer, WebAssembly (32-bit
# pointers, another C and C++ library, in node), and of the first one another process: backwards, without address
# randomisation, with overwritten freed memory and a large environment. The last column has a planted bug (an address
# becomes a draw) and must differ.
# Environment: JOBS, MATRIX_WORLDS (1..200), MATRIX_COLUMNS. A column whose compiler is missing is said to be skipped;
# MATRIX_COLUMNS names what must be there. Exit 1 if anything differs.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
worlds=${MATRIX_WORLDS:-1..200}
read -r -a columns <<<"${MATRIX_COLUMNS:-release process gcc-O2 gcc-O0 clang clang-O0 asan-ubsan wasm planted}"
out=build/matrix
mkdir -p "$out"
rm -f "$out"/*.txt
export ASAN_OPTIONS=exitcode=99:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

build() {
  echo "matrix: building $1" >&2
  cmake --preset "$1" >/dev/null
  cmake --build "build/$1" --target small_worlds -j "$jobs" >"$out/build-$1.log" || { tail -n 40 "$out/build-$1.log" >&2; exit 1; }
}

what() {
  case $1 in
    release) echo "$(c++ --version | sed -n '1s/.* //p'), g++ -O3" ;;
    gcc-O*) echo "g++ -${1#gcc-}" ;;
    clang) echo "$(clang++ --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'), clang++ -O3" ;;
    clang-O0) echo "clang++ -O0" ;;
    asan-ubsan) echo "g++ -O1, AddressSanitizer + UndefinedBehaviorSanitizer, SIM_DCHECK on" ;;
    wasm) echo "emscripten $(em++ --version 2>/dev/null | sed -n '1s/.* \([0-9.]*[0-9]\).*/\1/p') -O2, node $(node --version), 32 bit, libc++" ;;
    process) echo "g++ -O3, backwards, fixed addresses, freed memory overwritten, 50 kB of environment" ;;
    planted) echo "g++ -O3 with a planted bug: an address is drawn" ;;
  esac
}

# A frozen address layout is not allowed everywhere.
fixed_layout=()
if setarch --addr-no-randomize true 2>/dev/null; then fixed_layout=(setarch --addr-no-randomize); fi
ballast=$(printf 'x%.0s' $(seq 1 50000))

failures=0
reference=""
printf '%-11s %7s %7s %9s %8s  %s\n' column worlds same "seconds" verdict what
for column in "${columns[@]}"; do
  command=()
  case $column in
    process) build release; command=(env "BALLAST=$ballast" MALLOC_PERTURB_=165 "${fixed_layout[@]}" build/release/tests/small_worlds "$worlds" --backwards) ;;
    planted) build release; command=(build/release/tests/small_worlds "$worlds" --plant) ;;
    wasm)
      if ! command -v em++ >/dev/null || ! command -v node >/dev/null; then
        printf '%-11s %7s %7s %9s %8s  %s\n' "$column" - - - skipped "emscripten or node is missing"
        continue
      fi
      echo "matrix: building wasm" >&2
      tools/wasm_worlds.sh build/wasm "$jobs" >"$out/build-wasm.log" 2>&1 || { tail -n 40 "$out/build-wasm.log" >&2; exit 1; }
      # An old emscripten takes the fetch() of a new node for a browser's.
      no_fetch=()
      if node --no-experimental-fetch -e 0 2>/dev/null; then no_fetch=(--no-experimental-fetch); fi
      command=(node "${no_fetch[@]}" build/wasm/small_worlds.js "$worlds")
      ;;
    *) build "$column"; command=("build/$column/tests/small_worlds" "$worlds") ;;
  esac
  begin=$(date +%s.%N)
  code=0
  "${command[@]}" >"$out/$column.txt" 2>"$out/$column.log" || code=$?
  seconds=$(awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
  reference=${reference:-$column}
  count=$(grep -c '^[0-9]' "$out/$column.txt" || true)
  same=$(grep '^[0-9]' "$out/$column.txt" | grep -cxFf - "$out/$reference.txt" || true)
  expected=$(grep -c '^[0-9]' "$out/$reference.txt" || true)
  verdict=same
  if [[ $code -ne 0 || $count -ne $expected || $same -ne $expected || $count -eq 0 ]]; then verdict=DIFFERS; fi
  if grep -q BUG "$out/$column.txt"; then verdict=BUG; fi
  if [[ $column == planted ]]; then
    if [[ $same -eq 0 && $count -eq $expected ]]; then verdict=noticed; else verdict=MISSED; fi
  fi
  case $verdict in same | noticed) ;; *) failures=$((failures + 1)); tail -n 5 "$out/$column.log" >&2 ;; esac
  printf '%-11s %7s %7s %9s %8s  %s\n' "$column" "$count" "$same" "$seconds" "$verdict" "$(what "$column")"
done
tail -n 1 "$out/$reference.txt"
if [[ $failures -ne 0 ]]; then
  echo "matrix: FAILED, $failures columns; for world N: small_worlds --print N >world.json; brokersim diff world.json" >&2
  exit 1
fi
echo "matrix: passed"
