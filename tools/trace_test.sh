#!/usr/bin/env bash
# Traces in Perfetto's own trace processor (Python package, which brings the processor). With the module of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/report-venv
[[ -x $venv/bin/python ]] || "${PYTHON:-/usr/bin/python3}" -m venv "$venv"
"$venv/bin/pip" install -q pytest perfetto protobuf
PYTHONPATH="$PWD/build/release/python" BROKERSIM="$PWD/build/release/brokersim" \
  "$venv/bin/python" -m pytest -q -s -p no:cacheprovider tests/traces
