#!/usr/bin/env bash
# Compiles sim/, models/, the scenario loader and small_worlds to WebAssembly (32-bit pointers) with emscripten.
#   tools/wasm_worlds.sh FOLDER JOBS      makes FOLDER/small_worlds.js, for node
# Debian's packages emscripten and node are all it needs. Objects newer than what they were made of are kept.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
jobs=$2
mkdir -p "$out/include" "$out/objects"
# Header-only libraries, and nothing else of /usr/include: the rest of it is the C library of this machine.
for library in boost nlohmann; do ln -sfn "/usr/include/$library" "$out/include/$library"; done

# An old libc++ lacks <coroutine>.
echo '#include <coroutine>' | em++ -std=c++20 -E -x c++ - >/dev/null 2>&1 || ln -sfn "$PWD/tools/wasm/coroutine" "$out/include/coroutine"

flags=(-std=c++20 -O2 -DNDEBUG -fexceptions -ffp-contract=off -I. -isystem "$out/include" -Wall -Wextra -Wno-unused-command-line-argument)
# Another node than Debian's does not look where Debian puts the modules that em++ needs.
export EMCC_SKIP_SANITY_CHECK=1 NODE_PATH="/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}"

mapfile -t sources < <(find sim models app/scenario tests/matrix -name '*.cpp' -not -path 'models/analytic/*' | sort)
{
  echo 'all: '"$out"'/small_worlds.js'
  objects=()
  for source in "${sources[@]}"; do
    object="$out/objects/${source//\//_}.o"
    objects+=("$object")
    printf '%s: %s\n\t@em++ %s -MMD -MP -MF %s.d -c %s -o %s\n' "$object" "$source" "${flags[*]}" "$object" "$source" "$object"
  done
  printf '%s/small_worlds.js: %s\n\t@em++ -O2 -fexceptions -sALLOW_MEMORY_GROWTH=1 -sTOTAL_STACK=4194304 -sEXIT_RUNTIME=1 %s -o %s/small_worlds.js\n' \
    "$out" "${objects[*]}" "${objects[*]}" "$out"
  printf -- '-include %s/objects/*.d\n' "$out"
} >"$out/Makefile"
make -f "$out/Makefile" -j "$jobs" all
