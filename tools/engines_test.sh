#!/usr/bin/env bash
# Sweeps on Dask and Ray against threads: the identical frame. With the module of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/engines-venv
[[ -x $venv/bin/python ]] || "${PYTHON:-/usr/bin/python3}" -m venv "$venv"
"$venv/bin/pip" install -q pytest distributed ray pandas
PYTHONPATH="$PWD/build/release/python" BROKERSIM="$PWD/build/release/brokersim" \
  "$venv/bin/python" -m pytest -q -s -p no:cacheprovider tests/engines
PYTHONPATH="$PWD/build/release/python" "$venv/bin/python" tools/sweep_speed.py build/release/brokersim --pairs "${PAIRS:-7}"
