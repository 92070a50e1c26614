"""The pytest plugin, by pytest itself in processes of its own."""
import importlib.metadata
import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

import brokersim

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/ci"

TESTS = '''
import pytest

@pytest.mark.brokersim("small.json", seeds=3, overrides={"/duration": "11 s"})
def test_sends(simulate):
    result = simulate()
    assert result.simulated_seconds == 11
    assert result.records.sent > 1 and result.seed != 2

@pytest.mark.brokersim("small.json", seeds=[7, 8])
def test_holds(simulate, brokersim_seed):
    assert simulate().seed == brokersim_seed
    assert simulate(seed=9).seed == 9

def test_plain(simulate):
    assert simulate("small.json").seed == 5

def test_of_something_else():
    pass
'''


@pytest.fixture
def project(tmp_path, small):
    small["duration"] = "10 s"
    small["workloads"][0]["rate"] = "20 /s"
    (tmp_path / "small.json").write_text(json.dumps(small))
    (tmp_path / "test_orders.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


# Installed, the plugin loads itself; in the build tree it is named.
INSTALLED = any(point.value == "brokersim.pytest_plugin" for distribution in importlib.metadata.distributions()
                for point in distribution.entry_points if point.group == "pytest11")


def run_pytest(folder, *arguments):
    """(exit code, output)."""
    command = [sys.executable, "-m", "pytest", *([] if INSTALLED else ["-p", "brokersim.pytest_plugin"]), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "COLUMNS": "200"})
    return done.returncode, done.stdout + done.stderr


def test_one_test_per_seed_and_a_failure_says_how_to_repeat_it(project):
    code, output = run_pytest(project, "-v", "--junitxml=junit.xml")
    assert code == 1 and "1 failed, 6 passed" in output, output
    assert "test_orders.py::test_sends[seed=2] FAILED" in output and "test_orders.py::test_holds[seed=8] PASSED" in output
    folder = project / "brokersim-artifacts/test_orders.py_test_sends_seed=2_"
    assert f"Replay:    brokersim run {folder}/scenario.json --seed 2" in output and "model " in output
    assert {p.name for p in folder.iterdir()} >= {"scenario.json", "result.json", "result.txt", "replay.txt"}
    kept = json.loads((folder / "result.json").read_text())
    again = brokersim.run(folder / "scenario.json", seed=2)
    assert again.fingerprint == kept["fingerprint"], "the line repeats the run"
    suite = xml.etree.ElementTree.parse(project / "junit.xml")
    properties = {p.get("name"): p.get("value") for p in suite.findall(".//testcase[@name='test_sends[seed=2]']//property")}
    assert properties["brokersim_seed"] == "2" and properties["brokersim_fingerprint"] == kept["fingerprint"]
    assert properties["brokersim_artifacts"] == str(folder) and properties["brokersim_scenario"].endswith("small.json")


def test_seeds_by_option_and_those_that_failed_last(project):
    code, output = run_pytest(project, "-q", "--brokersim-seeds=1..4", "--brokersim-artifacts=")
    assert code == 1 and "failed" in output and not (project / "brokersim-artifacts").exists(), output
    code, output = run_pytest(project, "-v", "--brokersim-seeds=last-failed", "--brokersim-artifacts=")
    assert "test_sends[seed=2] FAILED" in output and "test_of_something_else PASSED" in output, output
    assert "test_sends[seed=1]" not in output and "test_holds" not in output and "deselected" in output
    (project / "test_orders.py").write_text(TESTS.replace("result.seed != 2", "True"))
    assert run_pytest(project, "-q", "--brokersim-seeds=last-failed")[0] == 0
    code, output = run_pytest(project, "-v", "--brokersim-seeds=seed=11")
    assert code == 0 and "test_sends[seed=11] PASSED" in output and "test_holds[seed=11]" in output, "nothing failed last"


# Goal: what failed is known even if the session dies. Method: a test of a later seed kills the process.
def test_a_killed_session_remembers_what_had_failed(project):
    (project / "test_orders.py").write_text(TESTS.replace("result.seed != 2", "result.seed != 1").replace(
        "result = simulate()\n", "import os; result = simulate(); result.seed == 3 and os._exit(9)\n", 1))
    assert run_pytest(project, "-q", "--brokersim-artifacts=")[0] == 9
    code, output = run_pytest(project, "-v", "--brokersim-seeds=last-failed", "--brokersim-artifacts=")
    assert code == 1 and "test_sends[seed=1] FAILED" in output and "test_sends[seed=2]" not in output, output


# Goal: every run of a failed test can be repeated. Method: the first of two runs is the one that is wrong.
def test_each_run_of_a_failed_test_is_kept(project):
    (project / "test_orders.py").write_text(TESTS.replace("assert simulate(seed=9).seed == 9", "assert simulate(seed=9).seed == brokersim_seed"))
    code, output = run_pytest(project, "-q", "-k", "test_holds", "--junitxml=junit.xml")
    folder = project / "brokersim-artifacts/test_orders.py_test_holds_seed=7_"
    assert code == 1 and "Run 1 of 2: Small" in output and f"Replay:    brokersim run {folder}/run-1/scenario.json --seed 7" in output, output
    for part, seed in (("run-1", 7), ("run-2", 9)):
        kept = json.loads((folder / part / "result.json").read_text())
        assert kept["seed"] == seed and brokersim.run(folder / part / "scenario.json").fingerprint == kept["fingerprint"]
    kept = [p.get("value") for p in xml.etree.ElementTree.parse(project / "junit.xml").findall(
        ".//testcase[@name='test_holds[seed=7]']//property[@name='brokersim_artifacts']")]
    assert kept == [str(folder / "run-1"), str(folder / "run-2")]


@pytest.mark.parametrize(("seeds", "says"), [("[1, 1, 2]", "has 1 more than once"), ("[]", "is empty"), ("0", "must be a number"), ("[-1]", "must be a number"),
                                             ("10**9", "must be a number")])
def test_wrong_seeds_of_a_marker(project, seeds, says):
    (project / "test_orders.py").write_text(TESTS.replace("seeds=3", f"seeds={seeds}"))
    code, output = run_pytest(project, "-q")
    assert code != 0 and says in output, output


@pytest.mark.parametrize("seeds", ["0", "x", "5..4", "-1"])
def test_wrong_seeds_end_pytest_with_the_way_out(project, seeds):
    code, output = run_pytest(project, f"--brokersim-seeds={seeds}")
    assert code == 4 and "100..199" in output, output


def test_safe_with_xdist(project):
    pytest.importorskip("xdist")
    code, output = run_pytest(project, "-q", "-n", "2")
    assert code == 1 and "1 failed, 6 passed" in output and "Replay: " in output, output
    code, output = run_pytest(project, "-v", "-n", "2", "--brokersim-seeds=last-failed")
    assert code == 1 and "test_sends[seed=2]" in output and "test_sends[seed=1]" not in output, output


# Goal: the sample project is green, and red with the cause when a bug is planted. Method: both, as its README has them.
def test_sample_project_is_green(tmp_path):
    code, output = run_pytest(EXAMPLE, "-q", "-p", "no:cacheprovider", f"--brokersim-artifacts={tmp_path / 'artefacts'}")
    assert code == 0 and "12 passed" in output, output
    assert not (tmp_path / "artefacts").exists()


def test_sample_project_is_red_with_the_cause_when_a_bug_is_planted(tmp_path):
    code, output = run_pytest(EXAMPLE, "-q", "-p", "no:cacheprovider", "--planted", "ack_before_replication", "-k", "killed",
                              f"--brokersim-artifacts={tmp_path / 'artefacts'}")
    assert code == 1, output
    told = " ".join(output.split())
    assert "Nothing in the configuration or in the faults excuses it" in told and "law S1 violated" in told and "fault kill_process of" in told, output
    replay = [line.split() for line in output.splitlines() if line.startswith("Replay:")]
    assert replay and replay[0][1:3] == ["brokersim", "run"]
    again = brokersim.run(replay[0][3], seed=int(replay[0][5]))
    assert again.records.lost_acknowledged > 0
    assert again.fingerprint in (Path(replay[0][3]).parent / "replay.txt").read_text()
