"""Sweeps on other people's engines: `make engines-test`. The identical frame, and what the package costs beside the CLI."""
import os
import statistics
import subprocess
import time
from pathlib import Path

import pytest

import brokersim

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios/quickstart/first-steps.json"
VARY = {"/workloads/0/config/acks": [1, "all"]}
SEEDS = range(1, 5)
WHERE = {"env_vars": {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}}


def frame(rows):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(list(rows)).drop(columns="wall_seconds")


@pytest.fixture(scope="module")
def threads():
    return frame(brokersim.sweep(SCENARIO, VARY, SEEDS))


def test_dask_gives_the_identical_frame(threads, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        rows = brokersim.sweep(SCENARIO, VARY, SEEDS, executor=client, store=tmp_path / "runs.jsonl")
        assert frame(rows).equals(threads)
    assert brokersim.sweep(SCENARIO, VARY, SEEDS, store=tmp_path / "runs.jsonl").known == len(threads)


def test_ray_gives_the_identical_frame(threads):
    ray = pytest.importorskip("ray")
    with pytest.raises(RuntimeError, match="ray.init"):
        brokersim.ray_executor()
    ray.init(num_cpus=2, include_dashboard=False, runtime_env=WHERE, log_to_driver=False)
    try:
        assert frame(brokersim.sweep(SCENARIO, VARY, SEEDS, executor=brokersim.ray_executor())).equals(threads)
    finally:
        ray.shutdown()


# Goal: the package costs next to nothing beside the runs. Method: processor time (user and system) of the same sweep by both, in seven
# pairs one after the other; the median of their ratios, since the machine may be busy. tools/sweep_speed.py tells wall times, too.
def test_throughput_is_that_of_the_command_line():
    seeds = range(1, 7)
    program = os.environ.get("BROKERSIM", str(ROOT / "build/release/brokersim"))
    theirs, ours = [], []
    for _ in range(7):
        before = os.times()
        subprocess.run([program, "sweep", str(SCENARIO), "--seeds", "1..6", "--jobs", "2", "--json"], stdout=subprocess.DEVNULL, check=False)
        after = os.times()
        theirs.append(after.children_user + after.children_system - before.children_user - before.children_system)
        begin = time.process_time()
        brokersim.sweep(SCENARIO, seeds=seeds, jobs=2)
        ours.append(time.process_time() - begin)
    share = statistics.median(a / b for a, b in zip(theirs, ours))
    print(f"\nsweep of 6 runs: command line {statistics.median(theirs):.2f} s, Python {statistics.median(ours):.2f} s of processor time: {share:.1%}")
    assert share >= 0.95
