"""Optimisation under service levels, and sensitivity: against functions whose answers are known, then on runs."""
import math

import pytest

import brokersim
from brokersim.optimizing import level_of
from brokersim.sensitivity import _morris, _sobol

ACKS, LINGER = "/workloads/0/config/acks", "/workloads/0/config/linger.ms"
P99 = "latency.produce.p99_ms"


# ---- Sensitivity.

def ishigami(points):
    """Ishigami and Homma 1990, with a = 7, b = 0.1: the shares are known in closed form."""
    angles = [[-math.pi + 2 * math.pi * share for share in point] for point in points]
    return [math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z ** 4 * math.sin(x) for x, y, z in angles]


# Goal: the shares of variance are right. Method: Ishigami's function (first 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437).
def test_sobol_on_ishigamis_function():
    columns, rows = _sobol(ishigami, 3, 1024, seed=1)
    for row, first, total in zip(rows, (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)):
        found = dict(zip(columns, row))
        assert found["first"] == pytest.approx(first, abs=0.06) and found["total"] == pytest.approx(total, abs=0.06)
        assert found["first_low"] < found["first"] < found["first_high"] and found["total_low"] < found["total"] < found["total_high"]


# Goal: elementary effects are right. Method: a linear function, whose effects are its coefficients everywhere.
def test_morris_on_a_linear_function():
    columns, rows = _morris(lambda points: [3 * x - 2 * y for x, y, _ in points], 3, 6, seed=1)
    for row, coefficient in zip(rows, (3.0, -2.0, 0.0)):
        found = dict(zip(columns, row))
        assert found["mu"] == pytest.approx(coefficient) and found["mu_star"] == pytest.approx(abs(coefficient))
        assert found["sigma"] == pytest.approx(0, abs=1e-9)


def test_sensitivity_of_runs(small):
    change = {LINGER: brokersim.Range(0, 40), ACKS: [1, "all"]}
    with pytest.raises(ValueError, match="/seed"):
        brokersim.morris(small, {**change, "/seed": [1, 2]}, "latency.produce.p50_ms", trajectories=3, seeds=[1])
    rows = brokersim.morris(small, change, "latency.produce.p50_ms", trajectories=3, seeds=[1], jobs=1)
    assert rows[0]["pointer"] == LINGER and rows[0]["mu"] > 10
    assert rows == brokersim.morris(small, change, "latency.produce.p50_ms", trajectories=3, seeds=[1], jobs=2)
    shares = brokersim.sobol(small, {LINGER: brokersim.Range(0, 40), ACKS: [1, "all"]}, "latency.produce.p50_ms", points=8, seeds=[1])
    assert shares[0]["pointer"] == LINGER and shares[0]["total"] > 0.5


# ---- Optimisation.

# Goal: the cheapest setting that keeps all levels, by the unfavourable end of the interval. Method: all settings tried.
def test_cheapest_under_levels(small):
    small["workloads"][0]["arrivals"] = "poisson"
    best = brokersim.optimize(small, {LINGER: [0, 10, 40], ACKS: [1, "all"]}, lambda setting: 100 - setting[LINGER],
                              {P99: "25 ms", "any records.lost_acknowledged": 0.9}, seeds=range(1, 5))
    assert len(best) == 6 and best.runs == 24 and best.objectives == ["cost"]
    rows = brokersim.sweep(small, {LINGER: [0, 10, 40], ACKS: [1, "all"]}, seeds=range(1, 5), metrics=[P99])
    for row in rows.summary(P99):
        one = next(o for o in best if o[LINGER] == row[LINGER] and o[ACKS] == row[ACKS])
        assert one[P99] == pytest.approx(row["high"]) and one["feasible"] == (row["high"] <= 25)
    assert best.best[LINGER] == max(row[LINGER] for row in best if row["feasible"])
    assert "best:" in best._repr_html_()
    nothing = brokersim.optimize(small, {ACKS: [1, "all"]}, P99, {"any records.lost_acknowledged": 0.01}, seeds=range(1, 4))
    assert nothing.best is None and all(row["any records.lost_acknowledged"] > 0.6 for row in nothing), "3 clean runs prove little"
    assert nothing.front == [] and "no setting" in nothing._repr_html_()


# Goal: what was never measured is no answer. Method: an objective that such a run has not.
def test_what_was_not_measured_is_not_feasible(small):
    found = brokersim.optimize(small, {ACKS: [1, "all"]}, "effects.applied", seeds=[1, 2])
    assert found.best is None and [row["feasible"] for row in found] == [False, False]


def test_front_of_two_objectives(small):
    found = brokersim.optimize(small, {LINGER: [0, 10, 40], ACKS: [1, "all"]}, [P99, lambda setting: -setting[LINGER]], seeds=[1, 2])
    front = found.front
    assert found.objectives == [P99, "cost"] and [row[P99] for row in front] == sorted(row[P99] for row in front)
    for row in found:
        beaten = any(o[P99] <= row[P99] and o["cost"] <= row["cost"] and (o[P99] < row[P99] or o["cost"] < row["cost"]) for o in found)
        assert (row in front) == (not beaten)


def test_optuna_chooses_where_there_are_too_many(small):
    pytest.importorskip("optuna")
    change = {LINGER: brokersim.Range(0, 60), "/workloads/0/config/batch.size": brokersim.Range(1024, 65536, log=True)}
    arguments = dict(minimize=lambda setting: -setting[LINGER], levels={P99: "25 ms"}, seeds=[1, 2], trials=14)
    found = brokersim.optimize(small, change, **arguments)
    assert 10 <= len(found) <= 14 and found.best[P99] <= 25 and 5 <= found.best[LINGER] <= 25
    assert found == brokersim.optimize(small, change, **arguments), "the same seed chooses the same"


@pytest.mark.parametrize(("text", "limit", "metric", "value", "below"), [
    (P99, "20 ms", P99, 20.0, False), (P99, "<= 0.5 s", P99, 500.0, False), (P99, 7, P99, 7.0, False),
    ("throughput.records_per_second", ">= 15000 /s", "throughput.records_per_second", 15000.0, True),
    ("throughput.bytes_per_second", ">= 20 MB/s", "throughput.bytes_per_second", 20e6, True),
    ("unavailable.longest", "15 s", "unavailable.longest", 15.0, False), ("any records.lost_acknowledged", "5%", "records.lost_acknowledged", 0.05, False)])
def test_levels(text, limit, metric, value, below):
    level = level_of(text, limit)
    assert (level.metric, level.limit, level.below) == (metric, value, below)
    assert level.missed_by(value) == 0 and level.missed_by(None) > 0 and (level.missed_by(value * 1.1) > 0) == (not below)


@pytest.mark.parametrize(("arguments", "error", "says"), [
    ({"change": {}}, TypeError, "must be a dict"), ({"change": {ACKS: "all"}}, TypeError, "must be a list of values"), ({"change": {ACKS: []}}, ValueError, "no values"),
    ({"change": {"acks": [1]}}, ValueError, "no JSON pointer"), ({"minimize": []}, TypeError, "a metric's name"), ({"minimize": "records.snt"}, ValueError, "did you mean"),
    ({"minimize": lambda setting: "cheap"}, TypeError, "must be a number"), ({"levels": {P99: "soon"}}, ValueError, "such as"), ({"levels": {P99: None}}, TypeError, "must be a number"),
    ({"levels": {"any records.lost_acknowledged": 2}}, ValueError, "share of the runs"), ({"trials": 0}, ValueError, "at least 1"), ({"seeds": []}, ValueError, "at least one run"), ({"seeds": [1]}, ValueError, "at least 2 runs"), ({"minimize": lambda setting: float("nan")}, ValueError, "finite number"),
    ({"levels": {P99: float("nan")}}, ValueError, "finite"), ({"levels": {P99: "5%"}}, ValueError, "for \"any latency"), ({"change": {ACKS: [1], "/workloads/0": [{}]}}, ValueError, "is a part of")])
def test_wrong_arguments_are_refused(small, arguments, error, says):
    with pytest.raises(error, match=says):
        brokersim.optimize(small, **{"change": {ACKS: [1]}, "minimize": P99, "seeds": [1, 2], **arguments})


@pytest.mark.parametrize(("arguments", "error", "says"), [
    (dict(low=2, high=1), ValueError, "low must be below high"), (dict(low="1 ms", high=2), TypeError, "its unit apart"), (dict(low=0, high=2, log=True), ValueError, "above 0")])
def test_wrong_ranges_are_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        brokersim.Range(**arguments)


def test_ranges_speak_the_scenarios_language():
    assert brokersim.Range(1, 9, unit="ms").at(0.5) == "5 ms" and brokersim.Range(1, 4).at(1.0) == 4
    assert brokersim.Range(1, 100, log=True).at(0.5) == 10 and brokersim.Range(0, 1, whole=False).at(0.25) == 0.25
