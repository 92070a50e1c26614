"""What the tests of the Python package share: where the scenarios and the command line are.

`ctest` sets BROKERSIM and PYTHONPATH. By hand: PYTHONPATH=build/release/python python3 -m pytest tests/python
"""
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The smallest cluster that shows something: one topic, one producer, 12 simulated seconds.
SMALL = {
    "title": "Small",
    "why": "A quick run for tests of the package.",
    "seed": 5,
    "duration": "12 s",
    "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
    "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
                          "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
    "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "500 /s", "record_size": "1 KiB",
                   "config": {"acks": "all"}}],
}


@pytest.fixture
def small():
    """A copy of SMALL that a test may change."""
    return json.loads(json.dumps(SMALL))


@pytest.fixture(scope="session")
def scenarios():
    return ROOT / "scenarios"


@pytest.fixture(scope="session")
def command_line():
    """Runs the brokersim program: command_line("run", path, "--json") -> its one JSON object."""
    program = Path(os.environ.get("BROKERSIM", ROOT / "build/release/brokersim"))
    if not program.exists():
        pytest.fail(f"{program} is not there: run `make build`, or name the program in BROKERSIM")

    def run(*arguments):
        done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=300)
        assert done.returncode in (0, 1, 3), f"exit code {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    return run
