#!/usr/bin/env bash
# Installs the Debian packages that are missing for the groups named: build, python, test, gate, conformance, peers, simgrid,
# package, browser, node.
#
# Quiet when nothing is missing. As root it calls apt-get, as another user sudo apt-get. Where there is no apt
# it looks for the tools themselves: silent if they are all there, else it prints what to install and stops.
set -euo pipefail

declare -A packages=(
  [build]="g++ cmake ninja-build ccache libboost-graph-dev libeigen3-dev nlohmann-json3-dev libcli11-dev libgtest-dev"
  [python]="python3 python3-dev pybind11-dev python3-numpy python3-matplotlib"
  [test]="python3 python3-pytest python3-pytest-xdist python3-nbclient python3-nbformat python3-ipykernel python3-pandas mypy"
  [gate]="clang clang-format valgrind"
  [wasm]="emscripten nodejs"
  [conformance]="openjdk-17-jdk-headless maven"
  [peers]="libns3-dev libgsl-dev pkg-config python3-pip"
  [simgrid]="libsimgrid-dev libboost-dev"
  [package]="git python3 python3-dev python3-venv"
  [browser]="chromium fonts-dejavu-core"
  [node]="nodejs"
)
# What to look for on other systems: name | how to tell | what it is.
declare -A probes=(
  [build]="g++|command -v c++ g++ clang++|a C++20 compiler: g++ 12 or clang 14, or newer
cmake|cmake_at_least 3 25|CMake 3.25 or newer
ninja-build|command -v ninja|Ninja
libboost-graph-dev|header boost/graph/adjacency_list.hpp|Boost.Graph 1.74 or newer (headers)
libeigen3-dev|header Eigen/Dense /usr/include/eigen3 /usr/local/include/eigen3 /opt/homebrew/include/eigen3|Eigen 3.4
nlohmann-json3-dev|header nlohmann/json.hpp|nlohmann/json 3.11
libcli11-dev|header CLI/CLI.hpp|CLI11 2.1 or newer
libgtest-dev|header gtest/gtest.h|GoogleTest 1.12 or newer"
  [python]="python3|command -v python3|Python 3.9 or newer
python3-dev|python_header|Python's C headers
pybind11-dev|pybind11_present|pybind11 2.10 or newer
python3-numpy|module numpy|NumPy
python3-matplotlib|module matplotlib|Matplotlib"
  [test]="python3-pytest|module pytest|pytest
python3-pytest-xdist|module xdist|pytest-xdist
python3-nbclient|module nbclient|nbclient
python3-nbformat|module nbformat|nbformat
python3-ipykernel|module ipykernel|ipykernel
python3-pandas|module pandas|pandas
mypy|module mypy|mypy"
  [gate]="clang|command -v clang++|clang 14 or newer
clang-format|command -v clang-format|clang-format 14
valgrind|command -v valgrind|valgrind"
  [wasm]="emscripten|command -v em++|emscripten
nodejs|command -v node|node"
  [conformance]="openjdk-17-jdk-headless|command -v java|Java 17 or newer
maven|command -v mvn|Maven"
  [peers]="libns3-dev|header ns3/simulator.h|ns-3 3.37
libgsl-dev|header gsl/gsl_math.h|GNU Scientific Library
pkg-config|command -v pkg-config|pkg-config
python3-pip|command -v pip3|pip"
  [simgrid]="libsimgrid-dev|header simgrid/s4u.hpp|SimGrid 3.32
libboost-dev|header boost/heap/fibonacci_heap.hpp|Boost (headers)"
  [package]="git|command -v git|git
python3|command -v python3|Python 3.9 or newer
python3-dev|python_header|Python's C headers
python3-venv|module ensurepip|Python's venv"
  [browser]="chromium|command -v chromium chromium-browser google-chrome|Chromium"
  [node]="nodejs|command -v node nodejs|Node.js 18 or newer"
)

if [[ $# -eq 0 ]]; then
  echo "usage: $0 GROUP...   (groups: build python test gate wasm conformance peers simgrid package browser node)" >&2
  exit 2
fi
for group in "$@"; do
  if [[ -z "${packages[$group]:-}" ]]; then
    echo "error: unknown group \"$group\"; the groups are: build python test gate wasm conformance peers simgrid package browser node" >&2
    exit 2
  fi
done

cmake_at_least() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n '1s/.* \([0-9.]*\).*/\1/p') || return 1
  local major=${version%%.*} rest=${version#*.}
  [[ -n "$version" ]] && { ((major > $1)) || { ((major == $1)) && ((${rest%%.*} >= $2)); }; }
}
header() {
  local name=$1 compiler include
  shift
  compiler=$(command -v c++ g++ clang++ | head -n 1) || return 1
  local flags=()
  for include in /usr/local/include /opt/homebrew/include "$@"; do flags+=("-I$include"); done
  printf '#include <%s>\n' "$name" | "$compiler" -std=c++20 "${flags[@]}" -x c++ -E - >/dev/null 2>&1
}
module() { python3 -c "import $1" >/dev/null 2>&1; }
python_header() {
  python3 -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' >/dev/null 2>&1
}
pybind11_present() { header pybind11/detail/common.h "$(python3 -c 'import sysconfig; print(sysconfig.get_paths()["include"])')" \
  || module pybind11; }

install_with_apt() {
  local wanted=() missing=() group name status
  for group in "$@"; do
    for name in ${packages[$group]}; do wanted+=("$name"); done
  done
  for name in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
    if [[ "$status" != installed ]]; then missing+=("$name"); fi
  done
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi

  local elevate=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "error: packages are missing, and this user is neither root nor able to use sudo." >&2
      echo "  as root, run:  apt-get install ${missing[*]}" >&2
      exit 1
    fi
    elevate=(sudo)
  fi
  echo "Installing: ${missing[*]}" >&2
  local apt=("${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
  local log
  log=$(mktemp)
  if ! { "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "error: apt-get failed (see above). To try by hand:  apt-get update && apt-get install ${missing[*]}" >&2
    exit 1
  fi
  rm -f "$log"
}

look_for_tools() {
  local absent=() group name probe description
  for group in "$@"; do
    while IFS='|' read -r name probe description; do
      # shellcheck disable=SC2086  # a probe is a function name and its words
      if [[ "$probe" == "command -v "* ]]; then
        ${probe} >/dev/null 2>&1 || absent+=("$name|$description")
      else
        ${probe} || absent+=("$name|$description")
      fi
    done <<<"${probes[$group]}"
  done
  if [[ ${#absent[@]} -eq 0 ]]; then return 0; fi
  echo "error: this system has no apt-get, and these are missing:" >&2
  local entry
  for entry in "${absent[@]}"; do printf '  %-50s (Debian: %s)\n' "${entry#*|}" "${entry%%|*}" >&2; done
  echo "Install them with your own package manager, then run the same command again." >&2
  exit 1
}

if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
  install_with_apt "$@"
else
  look_for_tools "$@"
fi
