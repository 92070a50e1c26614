"""Sweeps go on after any interruption, stop at a precision, and show the same rows whoever runs them."""
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import brokersim
from brokersim import _brokersim, sweeps

ACKS = "/workloads/0/config/acks"
METRICS = ["records.sent", "latency.produce.p50_ms", "latency.produce.p99_ms"]


def same(rows):
    return [{**row, "wall_seconds": None} for row in rows]


@pytest.fixture
def counted(monkeypatch):
    """Seeds that were really run, in the order of their end."""
    seeds = []
    real = sweeps.execute

    def execute(loaded, seed):
        outcome = real(loaded, seed)
        seeds.append(seed)
        return outcome

    monkeypatch.setattr(sweeps, "execute", execute)
    return seeds


# ---- Executors.

def test_any_executor_gives_the_same_rows(small):
    vary = {ACKS: [1, "all"]}
    threads = brokersim.sweep(small, vary, seeds=[1, 2], metrics=METRICS)
    with ProcessPoolExecutor(2) as pool:
        assert same(brokersim.sweep(small, vary, seeds=[1, 2], metrics=METRICS, executor=pool)) == same(threads)
        assert pool.submit(int, "7").result() == 7, "it is not shut down"
    with ThreadPoolExecutor(1) as pool:
        assert same(brokersim.sweep(small, vary, seeds=[1, 2], metrics=METRICS, executor=pool)) == same(threads)


def test_what_is_no_executor_is_refused(small):
    with pytest.raises(TypeError, match="concurrent.futures.Executor"):
        brokersim.sweep(small, executor=42)


# ---- The command line: the same core.

def test_rows_of_the_command_line(scenarios, tmp_path):
    program = os.environ.get("BROKERSIM", str(Path(__file__).parents[2] / "build/release/brokersim"))
    path, store = scenarios / "quickstart/first-steps.json", tmp_path / "runs.jsonl"
    done = subprocess.run([program, "sweep", path, "--vary", f"{ACKS}=1,all", "--vary", '/duration=["20 s"]', "--seeds", "3..4",
                           "--jobs", "2", "--store", store, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1, 3), done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    rows = brokersim.sweep(path, {ACKS: [1, "all"], "/duration": ["20 s"]}, seeds=[3, 4])
    assert same(printed) == same(rows) and [list(row) for row in printed] == [list(row) for row in rows]
    again = brokersim.sweep(path, {ACKS: [1, "all"], "/duration": ["20 s"]}, seeds=[3, 4], store=store)
    assert again == printed and again.known == 4, "one store for both"


# ---- Going on.

def test_what_is_in_the_store_is_not_run_again(small, tmp_path, counted):
    store = tmp_path / "runs.jsonl"
    first = brokersim.sweep(small, {ACKS: [1]}, seeds=[1, 2], metrics=METRICS, store=store)
    assert sorted(counted) == [1, 2] and first.known == 0
    more = brokersim.sweep(small, {ACKS: [1]}, seeds=[2, 3, 1], metrics=METRICS, store=store)
    assert sorted(counted) == [1, 2, 3] and more.known == 2
    assert [row for row in more if row["seed"] in (1, 2)] == [first[1], first[0]], "wall time and all"
    same_content = json.loads(json.dumps({**small, "seed": 99}, sort_keys=True))
    assert brokersim.sweep(same_content, seeds=[1], overrides={ACKS: 1}, store=store).known == 1, "content, not form"
    assert brokersim.sweep(small, {ACKS: ["all"]}, seeds=[1], store=store).known == 0
    one_workload = brokersim.sweep(small, {ACKS: [1]}, seeds=[1], metrics=["records.sent of checkout"], store=store)
    assert one_workload.known == 0, "that was not kept"
    assert brokersim.sweep(small, {ACKS: [1]}, seeds=[1], metrics=["records.sent of checkout"], store=store).known == 1


# Goal: another model is another run. Method: a store whose ids are of another model version.
def test_another_content_or_model_has_another_id(small, tmp_path):
    text = json.dumps(small)
    content = _brokersim.content_id(text, "<text>", [])
    assert len(content) == 32 and len(_brokersim.model_version()) == 16
    assert _brokersim.run_id(content, 1) != _brokersim.run_id(content, 2)
    assert _brokersim.content_id(text, "<text>", ['/workloads/0/rate=1 /s']) != content
    assert _brokersim.content_id(text, "other.json", [f'{ACKS}="all"']) == content
    (tmp_path / "server.properties").write_text("replica.lag.time.max.ms=20000\n")
    small["systems"]["kafka"]["properties"] = "server.properties"
    named = str(tmp_path / "scenario.json")
    before = _brokersim.content_id(json.dumps(small), named, [])
    (tmp_path / "server.properties").write_text("replica.lag.time.max.ms=20001\n")
    assert before != _brokersim.content_id(json.dumps(small), named, []) != content
    (tmp_path / "server.properties").unlink()
    assert _brokersim.content_id(json.dumps(small), named, []) is None


# Goal: kill -9 at any moment loses at most the runs in flight, and the frame is the one of an undisturbed sweep.
# Method: a process that sweeps is killed after some rows, its last line is torn besides, and the same sweep goes on.
def test_killed_sweep_goes_on_with_the_identical_rows(small, tmp_path):
    scenario, store = tmp_path / "small.json", tmp_path / "runs.jsonl"
    scenario.write_text(json.dumps(small))
    code = (f"import brokersim; brokersim.sweep({str(scenario)!r}, {{{ACKS!r}: [1, 'all']}}, seeds=range(1, 301), "
            f"metrics={METRICS!r}, store={str(store)!r})")
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit and (not store.exists() or store.read_bytes().count(b"\n") < 6):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = store.read_bytes()
    with store.open("ab") as file:
        file.write(b'{"id":"0123456789')  # what a write that was cut short leaves
    rows = brokersim.sweep(scenario, {ACKS: [1, "all"]}, seeds=range(1, 16), metrics=METRICS, store=store)
    assert rows.known >= 5 and len(rows) == 30
    assert same(rows) == same(brokersim.sweep(scenario, {ACKS: [1, "all"]}, seeds=range(1, 16), metrics=METRICS))
    whole = kept[:kept.rfind(b"\n") + 1]
    assert store.read_bytes().startswith(whole), "the store only grows"
    assert all(json.loads(line) for line in store.read_text().splitlines()), "the torn line is gone"


def test_stores_that_cannot_be_used_are_refused(small, tmp_path):
    (tmp_path / "notes.txt").write_text("shopping list\n")
    with pytest.raises(ValueError, match="not the store of a sweep"):
        brokersim.sweep(small, store=tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "shopping list\n"
    with pytest.raises(ValueError, match="cannot open"):
        brokersim.sweep(small, store=tmp_path / "no/such/folder")
    with pytest.raises(ValueError, match="not a regular file|directory"):
        brokersim.sweep(small, store=tmp_path)
    held = _brokersim.SweepStore(str(tmp_path / "runs.jsonl"))
    with pytest.raises(ValueError, match="in use by another sweep"):
        brokersim.sweep(small, store=tmp_path / "runs.jsonl")
    del held
    with pytest.raises(TypeError, match="must be a path"):
        brokersim.sweep(small, store=42)


# ---- Precision.

# Goal: as many seeds as are needed, no more, and the same whatever the threads. Method: what the rule says of each prefix.
def test_stops_at_the_precision(small):
    small["workloads"][0]["arrivals"] = "poisson"
    wanted = {"records.sent": "1%"}
    rows = brokersim.sweep(small, seeds=range(1, 200), metrics=["records.sent"], precision=wanted, jobs=1)
    n = len(rows)
    assert 10 <= n < 199
    for prefix in range(2, n + 1):
        low, high = _brokersim.student_interval(rows.column("records.sent")[:prefix], 0.95)
        mean = sum(rows.column("records.sent")[:prefix]) / prefix
        assert ((high - low) / 2 <= 0.01 * mean and prefix >= 10) == (prefix == n)
    assert same(brokersim.sweep(small, seeds=range(1, 200), metrics=["records.sent"], precision=wanted, jobs=3)) == same(rows)


def test_equal_values_are_never_precise_and_shares_have_exact_bounds(small):
    constant = {"records.sent": "50%"}
    assert len(brokersim.sweep(small, seeds=range(1, 14), metrics=["records.sent"], precision=constant)) == 13
    rows = brokersim.sweep(small, seeds=range(1, 60), precision={"any records.lost_acknowledged": 0.10}, metrics=["records.sent"])
    n = len(rows)  # 0 of n: the upper end is 1 - 0.025^(1/n), and half of it is at most 0.10 from n = 17 on
    assert (1 - 0.025 ** (1 / n)) / 2 <= 0.10 < (1 - 0.025 ** (1 / (n - 1))) / 2


@pytest.mark.parametrize(("precision", "error", "says"), [
    ({"records.sent": "5 %%"}, ValueError, "positive number"), ({"records.sent": 0}, ValueError, "positive number"),
    ({"records.sent": True}, ValueError, "positive number"), ({"records.snt": "5%"}, ValueError, "did you mean"),
    (["records.sent"], TypeError, "metric to width")])
def test_wrong_precisions_are_refused(small, precision, error, says):
    with pytest.raises(error, match=says):
        brokersim.sweep(small, precision=precision)


# ---- What rows show.

def test_intervals_and_pairs(small):
    small["workloads"][0]["arrivals"] = "poisson"
    rows = brokersim.sweep(small, {ACKS: [1, "all"], "/workloads/0/rate": ["200 /s", "400 /s"]}, seeds=range(1, 9), metrics=METRICS)
    summary = rows.summary("records.sent")
    assert [(row[ACKS], row["/workloads/0/rate"], row["n"]) for row in summary] == [
        (acks, rate, 8) for acks in (1, "all") for rate in ("200 /s", "400 /s")]
    one = summary[0]
    values = rows.where({ACKS: 1, "/workloads/0/rate": "200 /s"}).column("records.sent")
    assert one["mean"] == sum(values) / 8 and (one["low"], one["high"]) == _brokersim.student_interval(values, 0.95)
    assert one["low"] < one["mean"] < one["high"] and one["min"] == min(values)
    boot = rows.summary("records.sent", method="bootstrap")[0]
    assert one["min"] <= boot["low"] < boot["mean"] < boot["high"] <= one["max"]
    share = rows.share("records.sent", above=0)[0]
    assert (share["n"], share["hits"], share["share"], share["high"]) == (8, 8, 1.0, 1.0) and 0.6 < share["low"] < 0.64
    # The same seed sends the same records, whatever the acks: pairs differ by nothing, means side by side would not say so.
    for row in rows.difference("records.sent", ACKS, 1, "all"):
        assert row["n"] == 8 and row["mean"] == 0 == row["low"] == row["high"]
    with pytest.raises(ValueError, match="was not tried with 2"):
        rows.difference("records.sent", ACKS, 1, 2)
    with pytest.raises(KeyError, match="did you mean"):
        rows.summary("records.snt")
    with pytest.raises(ValueError, match="bootstrap"):
        rows.summary("records.sent", method="magic")
    assert "95 % interval" in rows._repr_html_()


def test_progress_bar(small, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    brokersim.sweep(small, seeds=[1, 2], metrics=["records.sent"], progress=True)
    assert "2 of 2 runs" in capsys.readouterr().err
    with pytest.raises(TypeError, match="done, total"):
        brokersim.sweep(small, progress=42)
