"""sweep(): every combination with every seed, the same whatever the number of threads."""
import sys
import types

import pytest

import brokersim
from brokersim import sweeps

ACKS = "/workloads/0/config/acks"
RATE = "/workloads/0/rate"


def without_wall_time(rows):
    return [{**row, "wall_seconds": None} for row in rows]


# Goal: rows are the runs, in order, under the names that results use. Method: compare with run() one by one.
def test_rows_are_the_runs_in_order(small):
    vary = {ACKS: [0, 1, "all"], RATE: ["100 /s", "200 /s"]}
    rows = brokersim.sweep(small, vary, seeds=range(1, 3))
    assert [(row[ACKS], row[RATE], row["seed"]) for row in rows] == [
        (acks, rate, seed) for acks in vary[ACKS] for rate in vary[RATE] for seed in (1, 2)]
    for row in rows:
        result = brokersim.run(small, seed=row["seed"], overrides={ACKS: row[ACKS], RATE: row[RATE]})
        assert row["fingerprint"] == result.fingerprint
        assert row["records.sent"] == result.records.sent
        assert row["latency.produce.p99_ms"] == result.latency.produce.p99_ms
        assert row["verdict"] == result.verdict and row["bug"] is None
    assert set(brokersim.metrics()) <= set(rows[0])


def test_rows_do_not_depend_on_the_number_of_threads(small):
    vary = {ACKS: [1, "all"]}
    one = brokersim.sweep(small, vary, seeds=[3, 1, 2], jobs=1)
    assert [row["seed"] for row in one] == [3, 1, 2] * 2
    assert without_wall_time(brokersim.sweep(small, vary, seeds=[3, 1, 2], jobs=3)) == without_wall_time(one)


def test_metrics_of_one_workload_and_progress(small):
    seen = []
    wanted = ["records.sent", "records.sent of checkout", "unavailable.longest of orders/0"]
    rows = brokersim.sweep(small, seeds=[1, 2], metrics=wanted, overrides={RATE: "50 /s"},
                           progress=lambda done, total: seen.append((done, total)))
    assert [name for name in rows[0] if name in brokersim.metrics() or " of " in name] == wanted
    assert rows.column("records.sent") == rows.column("records.sent of checkout")
    assert all(490 <= sent <= 510 for sent in rows.column("records.sent")), "50 /s for five sixths of 12 s"
    assert seen[-1] == (2, 2) and all(total == 2 for _, total in seen)


def test_every_wrong_combination_is_told_before_the_first_run(small, monkeypatch):
    monkeypatch.setattr(sweeps, "execute", lambda *_: pytest.fail("something was run"))
    with pytest.raises(brokersim.ScenarioError) as caught:
        brokersim.sweep(small, {RATE: ["1 /s", "1 parsec", "2 parsec"]})
    assert "1 parsec" in str(caught.value) and "2 parsec" in str(caught.value)
    assert len(caught.value.diagnostics) == 2


# Goal: a bug in one run leaves the others alone. Method: the failing check of test_errors.py for one seed of three.
def test_bug_in_one_run_is_a_row_and_the_others_go_on(small, monkeypatch):
    real = sweeps.execute
    monkeypatch.setattr(sweeps, "execute", lambda loaded, seed: real(loaded, seed, _failing_check=seed == 2))
    rows = brokersim.sweep(small, seeds=[1, 2, 3])
    assert [row["verdict"] for row in rows] == ["holds", "bug", "holds"]
    assert "sum == 3" in rows[1]["bug"] and rows[1]["exit_code"] == 70 and rows[1]["records.sent"] is None
    assert rows[2]["records.sent"] > 0


@pytest.mark.parametrize(("arguments", "error", "says"), [
    ({"vary": [ACKS]}, TypeError, "dict of JSON pointer"),
    ({"vary": {ACKS: "all"}}, TypeError, "['all']"),
    ({"vary": {"acks": [1]}}, ValueError, 'start with "/"'),
    ({"seeds": 20}, TypeError, "range(1, 21)"),
    ({"seeds": [1.5]}, TypeError, "whole number"),
    ({"jobs": 0}, ValueError, "at least 1"),
    ({"metrics": "records.sent"}, TypeError, "a list of names"),
    ({"metrics": ["records.send"]}, ValueError, 'did you mean "records.sent"'),
    ({"metrics": ["records.sent of chekout"]}, ValueError, "checkout"),
    ({"overrides": [ACKS]}, TypeError, "dict of JSON pointer"),
])
def test_wrong_arguments_are_refused_with_the_way_out(small, arguments, error, says):
    with pytest.raises(error) as caught:
        brokersim.sweep(small, **arguments)
    assert says in str(caught.value)


def test_rows_can_be_narrowed_and_shown(small):
    rows = brokersim.sweep(small, {ACKS: [1, "all"]}, seeds=range(12), metrics=["records.sent"])
    narrowed = rows.where({ACKS: "all", "seed": 3})
    assert len(narrowed) == 1 and narrowed.column("records.sent") == [narrowed[0]["records.sent"]]
    with pytest.raises(KeyError, match="records.sent"):
        rows.column("records.snt")
    assert rows._repr_html_().count("<tr>") == 21 and "4 more rows" in rows._repr_html_()
    assert brokersim.sweep(small, seeds=[]) == [] and brokersim.Rows()._repr_html_() == "<p>no rows</p>"


# Goal: pandas gets one record per row. Method: pandas is no dependency, so a stand-in takes its place and keeps what
# it was given.
def test_to_pandas_hands_over_every_row(small, monkeypatch):
    pandas = types.ModuleType("pandas")
    pandas.DataFrame = lambda records: ("frame", records)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    rows = brokersim.sweep(small, seeds=[1, 2], metrics=["records.sent"])
    assert rows.to_pandas() == ("frame", list(rows))
