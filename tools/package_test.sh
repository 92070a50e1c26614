#!/usr/bin/env bash
# What a newcomer does: a clean clone, an empty virtual environment, `pip install .`, a sweep in ten lines, pytest.
#
# Prints what took how long. Uses the package registry for the build backend only. CLONE: an empty folder for the clone (a fixed place
# and CMAKE_CXX_COMPILER_LAUNCHER=ccache CXX=/usr/bin/c++ let ccache find what it has); KEEP: a folder for the executed notebook with its picture.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clone=${CLONE:-$work/clone}
git clone -q . "$clone"
python3 -m venv "$work/venv"
SECONDS=0
"$work/venv/bin/pip" install -q "$clone"
echo "package-test: pip install . took $SECONDS s"
"$work/venv/bin/pip" install -q pytest

cd "$work"  # nothing of the source tree is on the path
"$work/venv/bin/python" - "$root/scenarios/quickstart/first-steps.json" <<'PYTHON'
import sys
import brokersim
scenario = brokersim.Scenario.load(sys.argv[1])
assert scenario.validate().errors == []
rows = brokersim.sweep(scenario, {"/workloads/0/config/acks": [0, 1, "all"]}, seeds=range(1, 4), jobs=2, store="runs.jsonl")
for row in rows.summary("latency.produce.p99_ms"):
    print(f'acks={row["/workloads/0/config/acks"]}: {row["mean"]:.1f} ms ({row["low"]:.1f} to {row["high"]:.1f})')
result = scenario.run(seed=7)
print(result.report("report.html"), result)
PYTHON
cp -r "$clone/docs/examples/ci" "$work/ci"
cd "$work/ci"
"$work/venv/bin/python" -m pytest -q -k "killed"

# The notebook that draws the frontier: acks x min.insync.replicas x drive over seeds, with intervals, from this environment.
"$work/venv/bin/pip" install -q matplotlib nbclient nbformat ipykernel
cd "$work"
"$work/venv/bin/python" "$clone/tools/run_notebook.py" "$clone/notebooks/frontier.ipynb" --out "${KEEP:-$work/executed}"
echo "package-test: passed"
