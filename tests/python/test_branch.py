"""brokersim.branch: many futures of one past, from a process that must not be forked."""
import os
import signal
import threading
import time

import pytest

import brokersim

POISSON = {"/workloads/0/arrivals": "poisson"}


def test_branch_zero_is_the_run_and_the_others_are_like_the_command_lines(scenarios, command_line):
    path = scenarios / "quickstart" / "branching.json"
    run = brokersim.run(path)
    unbranched = brokersim.branch(path, at="19 s", only=0)
    assert [row["fingerprint"] for row in unbranched] == [run.fingerprint]
    three = brokersim.branch(path, at="19 s", branches=3, jobs=3)
    assert len({row["fingerprint"] for row in three}) == 3
    alone = command_line("branch", path, "--at", "19 s", "--only", 2, "--json")
    assert alone["fingerprint"] == three[1]["fingerprint"]
    assert three.result(1).records.lost_acknowledged == alone["records"]["lost_acknowledged"]
    assert three.result(1).fingerprint == alone["fingerprint"]


def test_rows_points_and_variants(small):
    faults = {"as it was": [], "shutdown": [{"at": "1 s", "kind": "controlled_shutdown", "target": {"leader_of": "orders/0"}}]}
    seen = []
    rows = brokersim.branch(small, at=["4 s", "6 s"], branches=2, faults=faults, overrides=POISSON, metrics=["leader_changes"],
                            progress=lambda done, total: seen.append((done, total)))
    assert [(r["branch_at_s"], r["variant"], r["branch"]) for r in rows] == [
        (at, variant, k) for at in (4.0, 6.0) for variant in faults for k in (1, 2)]
    assert seen == [(n, 8) for n in range(1, 9)]
    assert {p["variant"]: p["branches"] for p in rows.points} == {"as it was": 2, "shutdown": 2}
    assert all(0 <= p["lost_share"]["low"] <= p["lost_share"]["value"] <= p["lost_share"]["high"] <= 1 for p in rows.points)
    assert max(rows.where({"variant": "shutdown"}).column("leader_changes")) >= 1
    assert isinstance(rows.where({"variant": "shutdown"}), list)


def test_a_process_with_threads_may_branch(small):
    stop = threading.Event()
    others = [threading.Thread(target=stop.wait) for _ in range(4)]
    for thread in others:
        thread.start()
    try:
        assert len(brokersim.branch(small, at="6 s", branches=4, jobs=2)) == 4
    finally:
        stop.set()
        for thread in others:
            thread.join()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # nobody is left behind


def test_an_interrupt_ends_the_branches_at_once(small):
    small["duration"] = "2 h"
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        brokersim.branch(small, at="1 h", branches=100_000)
        time.sleep(5)
    assert time.monotonic() - start < 20
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("arguments, part", [
    ({"at": "0 s", "branches": 1}, "nothing has happened at 0 s"),
    ({"at": "12 s", "branches": 1}, "has no future: the run ends at 12 s"),
    ({"at": "6 s", "branches": 10**9}, "more than 1000000 branches"),
    ({"at": "6 s", "faults": [{"at": "0 s", "kind": "kill_process", "target": {"host": "nowhere"}}]}, "no host named"),
    ({"at": "6 s", "branches": 1, "faults": "missing.json"}, "there is no such file"),
    ({"branches": 1}, "no instant is named"),
])
def test_what_is_wrong_is_said(small, arguments, part):
    with pytest.raises(brokersim.ScenarioError, match=part) as caught:
        brokersim.branch(small, **arguments)
    assert caught.value.diagnostics[0].hint or "missing" in str(arguments)


@pytest.mark.parametrize("arguments, error", [
    ({"at": "6 s"}, ValueError), ({"at": "6 s", "branches": 0}, ValueError), ({"at": "6 s", "branches": "2"}, TypeError),
    ({"at": 6, "branches": 1}, TypeError), ({"at": [6], "branches": 1}, TypeError), ({"at": "6", "branches": 1}, ValueError),
    ({"at": "6 s", "branches": 1, "only": 2}, ValueError), ({"at": "6 s", "only": range(1, 9, 2)}, ValueError),
    ({"at": "6 s", "branches": 1, "jobs": 0}, ValueError), ({"every": "-1 s", "branches": 1}, ValueError),
    ({"at": "6 s", "branches": 1, "faults": 7}, TypeError),
])
def test_arguments_of_the_wrong_kind(small, arguments, error):
    with pytest.raises(error):
        brokersim.branch(small, **arguments)
