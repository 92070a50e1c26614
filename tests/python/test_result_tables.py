"""Results as tables: metrics by name, pandas, Parquet, notebooks."""
import xml.etree.ElementTree

import pytest

import brokersim


def test_metrics_are_those_that_expectations_use(small):
    result = brokersim.run(small)
    assert set(result.metrics) == set(brokersim.metrics())
    assert result.metric("records.sent") == result.records.sent
    assert result.metric("latency.produce.p99_ms") == result.latency.produce.p99_ms
    assert result.metric("latency.end_to_end.p99_ms") is None, "there is no consumer"
    with pytest.raises(KeyError, match="records.sent"):
        result.metric("records.send")


def test_frames(scenarios):
    pandas = pytest.importorskip("pandas")
    result = brokersim.run(scenarios / "planted/ack-before-replication.json")
    losses = result.frame("losses")
    assert isinstance(losses, pandas.DataFrame) and losses["records"].sum() == sum(loss.records for loss in result.losses) > 0
    assert len(result.frame("unavailable")) == len(result.unavailable)
    row = result.to_pandas()
    assert row["fingerprint"][0] == result.fingerprint and row["records.sent"][0] == result.records.sent
    with pytest.raises(ValueError, match="losses"):
        result.frame("loses")


# Goal: NumPy without copies. Method: the arrays are on memory of the recorder, and say what the timeline and the result say.
def test_numpy(scenarios):
    numpy = pytest.importorskip("numpy")
    result = brokersim.run(scenarios / "planted/ack-before-replication.json")
    timeline = result.timeline()
    arrays = timeline.arrays()
    acknowledged = arrays["acknowledged"]
    assert acknowledged.dtype == numpy.int64 and acknowledged.tolist() == timeline.acknowledged and acknowledged.sum() == result.records.acknowledged
    assert not acknowledged.flags.writeable and not acknowledged.flags.owndata
    assert numpy.shares_memory(acknowledged, timeline.arrays()["acknowledged"])
    assert arrays["latency"].shape == (len(acknowledged), len(arrays["latency_bounds_ms"])) and arrays["latency"].sum() == result.latency.produce.count
    log = timeline.log("orders/0", 1)
    assert arrays["logs/orders/0/1/log_end"].tolist() == log["log_end"] and arrays["logs/orders/0/1/high_watermark"].tolist() == log["high_watermark"]
    events = timeline.as_dict()["events"]
    assert len(arrays["events/at_ns"]) == len(events["kind"]) and arrays["events/kind"].tolist() == events["kind"]
    assert (numpy.diff(arrays["events/at_ns"]) >= 0).all() and arrays["hosts/b-0/disk_busy"].max() <= 1
    del timeline, result
    assert acknowledged.sum() > 0, "the memory lives as long as the array"


def test_rows_as_numpy(small):
    numpy = pytest.importorskip("numpy")
    rows = brokersim.sweep(small, {"/workloads/0/config/acks": [1, "all"]}, seeds=[1, 2], metrics=["records.sent", "latency.end_to_end.p99_ms"])
    sent = rows.to_numpy("records.sent")
    assert sent.shape == (4,) and sent.tolist() == rows.column("records.sent")
    both = rows.to_numpy("records.sent", "latency.end_to_end.p99_ms")
    assert both.shape == (4, 2) and numpy.isnan(both[:, 1]).all(), "nobody consumed"
    assert rows.to_numpy().shape[0] == 4
    with pytest.raises(KeyError, match="did you mean"):
        rows.to_numpy("records.send")
    with pytest.raises(ValueError, match="could not convert"):
        rows.to_numpy("verdict")


def test_parquet(small, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    result = brokersim.run(small)
    result.to_parquet(tmp_path / "result.parquet")
    assert pandas.read_parquet(tmp_path / "result.parquet")["records.sent"][0] == result.records.sent
    rows = brokersim.sweep(small, {"/workloads/0/config/acks": [1, "all"]}, seeds=[1], metrics=["records.sent"])
    rows.to_parquet(tmp_path / "rows.parquet")
    assert list(pandas.read_parquet(tmp_path / "rows.parquet")["/workloads/0/config/acks"]) == ["1", "all"]


# Goal: equal runs pass, different ones fail with the reason and the way on.
def test_assert_same_as(small):
    result = brokersim.run(small)
    result.assert_same_as(brokersim.run(small))
    with pytest.raises(AssertionError, match="brokersim diff") as caught:
        result.assert_same_as(brokersim.run(small, overrides={"/workloads/0/rate": "400 /s"}))
    assert "records.sent: 5000" in str(caught.value)


# Goal: what a notebook shows of a bad run: verdict, loss stories, replay; and it is well-formed. Method: an XML parser.
def test_html_of_a_run_with_losses(scenarios):
    result = brokersim.run(scenarios / "planted/ack-before-replication.json")
    shown = result._repr_html_()
    root = xml.etree.ElementTree.fromstring(shown)
    text = " ".join("".join(root.itertext()).split())
    assert result.replay in text and " ".join(result.losses[0].explanation.split()) in text and result.verdict in text
    assert len(root.findall(".//rect")) == len(result.unavailable[:200]) + sum(f.fired for f in result.faults[:200])
