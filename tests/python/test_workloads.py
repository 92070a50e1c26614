"""Loads as Python functions: stretches of a rate over time, or the time of each record; as a plain scenario."""
import itertools

import pytest

import brokersim
from brokersim.workloads import stretches


def steps(t_s):
    return 100 if t_s < 4 else 0 if t_s < 6 else 400


# Goal: the load is what the function says. Method: the records counted per second, and the plain scenario with the same stretches.
def test_a_function_is_a_load_over_time(small):
    small["workloads"][0]["stop"] = "10 s"
    result = brokersim.run(small, seed=3, workloads={"checkout": steps})
    assert result.records.sent == 4 * 100 + 4 * 400
    by_hand = brokersim.Scenario(small)
    one = by_hand["/workloads/0"]
    by_hand["/workloads"] = [{**one, "rate": "100 /s", "start": "0 s", "stop": "4 s"},
                             {**one, "name": "checkout-from-6s", "rate": "400 /s", "start": "6 s", "stop": "10 s"}]
    assert by_hand.run(seed=3).fingerprint == result.fingerprint
    assert list(result.workloads) == ["checkout", "checkout-from-6s"]
    assert result.replay == 'brokersim.run(scenario, seed=3, workloads={\'checkout\': steps})'
    assert result.timeline().acknowledged and brokersim.run(small, seed=3, workloads={"checkout": steps}).fingerprint == result.fingerprint
    finer = brokersim.run(small, seed=3, workloads={"checkout": brokersim.Load(lambda t: 100 * t, step="2 s")})
    assert finer.records.sent == 2 * (100 + 300 + 500 + 700 + 900)


# Goal: every record is sent when the function says. Method: bursts of 100 at quarter seconds, as a function, as a list and written out as
# the scenario's own field; the producer's own record of intended times, by the timeline's bins of acknowledged records.
def test_arrivals_are_sent_at_their_times(small):
    small["workloads"][0]["stop"] = "10 s"

    def bursts():
        for second in itertools.count(1):
            yield from [second + 0.25] * 100

    result = brokersim.run(small, seed=3, workloads={"checkout": brokersim.Arrivals(bursts)})
    assert result.records.sent == 9 * 100  # at 1.25 s to 9.25 s; 10.25 s is after the stop
    times = [second + 0.25 for second in range(1, 10) for _ in range(100)]
    listed = brokersim.run(small, seed=3, workloads={"checkout": brokersim.Arrivals(times)})
    by_hand = brokersim.Scenario(small)
    one = {key: value for key, value in by_hand["/workloads/0"].items() if key != "rate"}
    by_hand["/workloads/0"] = {**one, "arrivals": "listed", "times": [f"{time} s" for time in times]}
    assert result.fingerprint == listed.fingerprint == by_hand.run(seed=3).fingerprint
    assert result.replay == "brokersim.run(scenario, seed=3, workloads={'checkout': bursts})"
    sent = []

    class Watch(brokersim.Checker):
        "Notes what was sent when."
        events = ("produced",)

        def on(self, event):
            sent.append(event)

    brokersim.run(small, seed=3, checkers=[Watch], workloads={"checkout": brokersim.Arrivals([2.0, 2.0000015, 7.5])})
    assert sum(event.count for event in sent) == 3


@pytest.mark.parametrize(("times", "says"), [
    (lambda: [3, 2], "arrivals of 'checkout' failed after 3 s: ValueError: its time 1 is 2 s, before the one before it"),
    ([-1], "its time 0 is -1 s, before the start of the workload"), ([1, float("nan")], "its time 1 is nan; it must be seconds"),
    (["1 s"], "its time 0 is '1 s'; it must be seconds"), ([], "nothing would be sent"), ([1e6], "nothing would be sent"),
    (lambda: itertools.repeat(1), "more than 1,000,000 times"), (lambda: 1 / 0, "ZeroDivisionError"), (lambda: 5, "not iterable")])
def test_wrong_arrivals_are_refused(small, times, says):
    with pytest.raises(brokersim.CheckerError, match=says):
        brokersim.run(small, workloads={"checkout": brokersim.Arrivals(times)})


def test_arrivals_can_be_read_again(small):
    with pytest.raises(TypeError, match="can be read only once"):
        brokersim.Arrivals(iter([1]))
    with pytest.raises(TypeError, match="must be a function that yields seconds"):
        brokersim.Arrivals(5)
    rows = brokersim.sweep(small, {"/workloads/0/config/acks": [1, "all"]}, seeds=[1, 2], metrics=["records.sent"],
                           workloads={"checkout": brokersim.Arrivals([1, 2, 3])})
    assert rows.column("records.sent") == [3, 3, 3, 3]


def test_stretches():
    assert stretches("x", brokersim.Load(lambda t: 5), 0, 10) == [(0, 10, 5)]
    assert stretches("x", brokersim.Load(steps, step="4 s"), 0, 10) == [(0, 4, 100), (4, 8, 400), (8, 10, 400)] or \
        stretches("x", brokersim.Load(steps, step="4 s"), 0, 10) == [(0, 4, 100), (4, 10, 400)]


def test_in_sweeps(small):
    rows = brokersim.sweep(small, {"/workloads/0/config/acks": [1, "all"]}, seeds=[1, 2], workloads={"checkout": steps}, metrics=["records.sent"])
    assert len(set(rows.column("records.sent"))) == 1
    one = brokersim.run(small, seed=2, overrides={"/workloads/0/config/acks": "all"}, workloads={"checkout": steps})
    assert rows[-1]["fingerprint"] == one.fingerprint


def test_errors_have_a_place(small):
    def breaks(t_s):
        return 1 / (t_s - 3.5)

    with pytest.raises(brokersim.CheckerError, match=r"workload function of 'checkout' failed at 0.5 s: ValueError: it gave -0.33") as caught:
        brokersim.run(small, workloads={"checkout": breaks})
    assert caught.value.at_s == 0.5 and caught.value.name == "checkout"
    with pytest.raises(brokersim.CheckerError, match="failed at 3.5 s: ZeroDivisionError"):
        brokersim.run(small, workloads={"checkout": lambda t: 1 / abs(t - 3.5)})
    with pytest.raises(brokersim.CheckerError, match="nothing would be sent"):
        brokersim.run(small, workloads={"checkout": lambda t: 0})


@pytest.mark.parametrize(("workloads", "error", "says"), [
    ({"chekout": steps}, ValueError, "no workload 'chekout'; it has 'checkout'"), ([steps], TypeError, "must be a dict"), ({"checkout": 5}, TypeError, "records per second"),
    ({"checkout": lambda t: t}, ValueError, "take a longer step")])
def test_wrong_loads_are_refused(small, workloads, error, says):
    small["duration"] = "700 s"
    with pytest.raises(error, match=says):
        brokersim.run(small, workloads=workloads)
    with pytest.raises(ValueError, match="longer than nothing"):
        brokersim.Load(steps, step="0 s")
    with pytest.raises(TypeError, match="such as"):
        brokersim.Load(steps, step=1)
