"""Loads as Python functions: stretches of a rate over time, as a plain scenario."""
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
