"""run(): the same run as the command line's, as typed values."""
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import brokersim
from brokersim.runner import execute, load

SHIPPED = ["quickstart/first-steps.json", "incidents/leader-kill.json", "incidents/isolated-leader.json",
           "planted/ack-before-replication.json"]


def without_wall_time(value):
    return {**value, "wall_seconds": None}


# Goal: Python and the command line run the same simulation. Method: the whole JSON value of both, wall time aside.
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario_equals_the_command_line(name, scenarios, command_line):
    path = scenarios / name
    printed = command_line("run", path, "--json")
    result = brokersim.run(path)
    assert result.fingerprint == printed["fingerprint"]
    assert without_wall_time(result.as_dict()) == without_wall_time(printed)
    assert result.wall_seconds > 0


# Goal: a seed and overrides mean the same on both sides, text and numbers alike.
def test_seed_and_overrides_equal_the_command_line(scenarios, command_line):
    path = scenarios / "quickstart/first-steps.json"
    printed = command_line("run", path, "--json", "--seed", 2**64 - 1, "--set", "/workloads/0/config/acks=1",
                           "--set", '/duration="20 s"')
    result = brokersim.run(str(path), seed=2**64 - 1, overrides={"/workloads/0/config/acks": 1, "/duration": "20 s"})
    assert without_wall_time(result.as_dict()) == without_wall_time(printed)
    assert result.simulated_seconds == 20.0
    assert result.replay == printed["replay"]


# Goal: path, text and dict are one scenario. Method: fingerprints of all three, and of another seed.
def test_file_text_and_dict_are_the_same_run(small, tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small))
    from_dict = brokersim.run(small)
    assert brokersim.run(path).fingerprint == from_dict.fingerprint
    assert brokersim.run(path.read_text()).fingerprint == from_dict.fingerprint
    assert brokersim.run(small, seed=5).fingerprint == from_dict.fingerprint, "5 is the scenario's own seed"
    assert brokersim.run(small, seed=6).fingerprint != from_dict.fingerprint
    assert from_dict.simulated_seconds == 12.0


def test_two_runs_in_flight_do_not_touch_each_other(small):
    seeds = [1, 2, 3, 4]
    alone = [brokersim.run(small, seed=seed).fingerprint for seed in seeds]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: brokersim.run(small, seed=seed).fingerprint, seeds))
    assert together == alone


# Goal: the interpreter lock is free during a run. Method: a thread that ticks every 2 ms beside one long run. With the
# lock held it could tick only before and after the run, once or twice; ten ticks mean that both went on together.
def test_interpreter_lock_is_released(small):
    small["duration"] = "900 s"
    stop, ticks = threading.Event(), [0]

    def tick():
        while not stop.wait(0.002):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        best = 0
        for _ in range(5):  # a busy machine may starve the thread once
            before = ticks[0]
            loaded = load(small, None)
            execute(loaded, 1)
            best = max(best, ticks[0] - before)
            if best >= 10:
                break
    finally:
        stop.set()
        thread.join()
    assert best >= 10, f"at most {best} ticks beside a run"


# Goal: every word of the JSON is an attribute. Method: compare the keys at each level.
def test_attributes_mirror_the_json(scenarios):
    result = brokersim.run(scenarios / "planted/ack-before-replication.json")
    data = result.as_dict()
    assert set(data) == set(brokersim.Result.__annotations__), "document it in Result: one word everywhere"
    for key in ("records", "latency", "latency_phases", "throughput"):
        assert set(data[key]) == set(vars(getattr(result, key))), key
    for key in ("unavailable", "recoveries", "losses", "faults", "checks", "expectations"):
        assert len(getattr(result, key)) == len(data[key])
        assert data[key], f"{key}: this scenario was chosen because it has some"
        for value, expected in zip(getattr(result, key), data[key]):
            assert vars(value) == expected
    assert result.latency.produce.p99_ms == data["latency"]["produce"]["p99_ms"]
    assert result.workloads["checkout"].records.sent == data["workloads"]["checkout"]["records"]["sent"]
    assert result.check("S1").verdict == "violated"
    with pytest.raises(KeyError, match="S23"):
        result.check("S999")


def keys_of(value):
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(keys_of, value.values()))


# Goal: docs/results.md tells every key. Method: runs that between them have all parts of the object; what is keyed by names of
# the scenario's own (workloads) or listed elsewhere (probes) is left out, what stands in a workload is not.
@pytest.mark.parametrize("file, part", [("incidents/inbox-dedups.json", "outbox"), ("groups/share-group.json", "share_groups"),
                                        ("incidents/c11-aborted-records-hidden.json", "transactions"),
                                        ("incidents/leader-power-loss.json", "recoveries")])
def test_every_key_is_documented(scenarios, file, part):
    data = brokersim.run(scenarios / file).as_dict()
    assert data[part], f"{file} was chosen because it has {part}"
    data["workloads"], data["probes"] = list(data["workloads"].values()), {}
    page = (scenarios.parent / "docs/results.md").read_text()
    missing = sorted(key for key in keys_of(data) if f"`{key}`" not in page)
    assert not missing, f"docs/results.md does not tell {missing}"


def test_text_is_that_of_the_command_line_and_ends_with_the_replay_line(small):
    result = brokersim.run(small, overrides={"/duration": "11 s"})
    assert "checkout" in repr(small) and result.title == "Small"
    last = result.text().rstrip("\n").splitlines()[-1].strip()
    assert last == result.replay == "brokersim.run(scenario, seed=5, overrides={'/duration': '11 s'})"
    scope = {"brokersim": brokersim, "scenario": small}
    assert eval(last, scope).fingerprint == result.fingerprint, "the line repeats the run"


def test_result_can_be_pickled_and_shown(small):
    result = brokersim.run(small)
    copy = pickle.loads(pickle.dumps(result))
    assert copy.as_dict() == result.as_dict()
    assert copy.records == result.records
    assert f"seed={small['seed']}" in repr(copy)
    shown = brokersim.run({**small, "title": "<script>"})._repr_html_()
    assert "&lt;script&gt;" in shown and "<script>" not in shown


def test_longest_unavailable_by_kind_and_partition(scenarios):
    result = brokersim.run(scenarios / "incidents/leader-kill.json")
    longest = result.longest_unavailable_s()
    assert longest == max(w.to_s - w.from_s for w in result.unavailable) > 1.0
    assert result.longest_unavailable_s(of="orders/0") == longest
    assert result.longest_unavailable_s(of="nobody/0") == 0.0
