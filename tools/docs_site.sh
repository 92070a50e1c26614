#!/usr/bin/env bash
# The docs site: sources into build/docs (tools/docs_site.py), links checked, built by MkDocs into build/site.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-/usr/bin/python3}"
venv=build/docs-venv
[[ -x $venv/bin/python ]] || "$python" -m venv "$venv"
"$venv/bin/pip" install -q mkdocs
"$python" tools/check_links.py
PYTHONPATH="$PWD/build/release/python" "$python" tools/docs_site.py build/release/brokersim
"$venv/bin/mkdocs" build -q --strict
echo "docs: build/site/index.html"
