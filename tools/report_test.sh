#!/usr/bin/env bash
# The HTML report in headless Chromium, driven by Playwright's Python package. With the module of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/report-venv
[[ -x $venv/bin/python ]] || "${PYTHON:-/usr/bin/python3}" -m venv "$venv"
"$venv/bin/pip" install -q pytest playwright
PYTHONPATH="$PWD/build/release/python" BROKERSIM="$PWD/build/release/brokersim" REPORT_OUT="$PWD/build/report" \
  "$venv/bin/python" -m pytest -q -s -p no:cacheprovider tests/report
echo "report-test: screenshots in build/report"
