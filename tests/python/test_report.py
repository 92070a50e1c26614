"""The HTML report and the timeline it draws; the page itself is opened by `make report-test`."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import brokersim


def parts(html):
    """The three JSON values that the page holds."""
    return [json.loads(re.search(f'<script type="application/json" id="{name}-data">(.*?)</script>', html, re.S)[1])
            for name in ("head", "result", "timeline")]


@pytest.fixture(scope="module")
def recorded(scenarios, tmp_path_factory):
    result = brokersim.run(scenarios / "planted/ack-before-replication.json")
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert result.report(path) == str(path)
    return result, path.read_text(encoding="utf-8"), result.timeline()


# Goal: the report is the run: recorded or not, the same fingerprint and outcome. Method: the JSON that the page holds.
def test_report_holds_the_run(recorded):
    result, html, _ = recorded
    head, outcome, timeline = parts(html)
    assert outcome["fingerprint"] == result.fingerprint
    assert {**outcome, "wall_seconds": None, "replay": None} == {**result.as_dict(), "wall_seconds": None, "replay": None}
    assert head["replay"] == result.replay and head["why"]
    assert sum(timeline["acknowledged"]) == result.records.acknowledged
    assert sum(timeline["failed"]) == result.records.failed
    assert sum(timeline["consumed"]) == result.records.consumed
    assert sum(timeline["latency"]["cells"][2::3]) == result.latency.produce.count
    assert sum(story["records"] for story in timeline["stories"]) == sum(loss.records for loss in result.losses) > 0


# Goal: one file without a network. Method: nothing that a browser would fetch, and a policy that forbids it.
def test_report_needs_no_other_file(recorded):
    _, html, _ = recorded
    assert len(html) < 5e6
    shell = re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.S)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#|data:)|url\(|@import|https?://""", shell)
    assert "default-src 'none'" in shell and '<html lang="en">' in shell


def test_nothing_in_a_scenario_becomes_markup(small, tmp_path):
    small["title"] = "</script><script>alert(1)</script>"
    small["why"] = "<!-- <img src=x onerror=alert(1)>"
    result = brokersim.run(small)
    result.report(tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html and "<img" not in html and html.count("<!--") == 0
    assert parts(html)[1]["title"] == small["title"]


def test_the_command_line_writes_the_same_report(scenarios, tmp_path):
    program = os.environ.get("BROKERSIM", str(Path(__file__).parents[2] / "build/release/brokersim"))
    path = scenarios / "quickstart/first-steps.json"
    done = subprocess.run([program, "run", path, "--seed", "7", "--json", "--report", tmp_path / "a.html"], capture_output=True, text=True)
    assert done.returncode in (0, 1, 3) and "report: " in done.stderr
    result = brokersim.run(path, seed=7)
    result.report(tmp_path / "b.html")
    a, b = (parts((tmp_path / name).read_text(encoding="utf-8")) for name in ("a.html", "b.html"))
    assert a[0] == b[0] and a[2] == b[2] and a[1]["fingerprint"] == b[1]["fingerprint"] == json.loads(done.stdout)["fingerprint"]
    for wrong in (["--seeds", "1..2"], []):
        refused = subprocess.run([program, "run", path, *([] if wrong else [path]), *wrong, "--report", tmp_path / "c.html"],
                                 capture_output=True, text=True)
        assert refused.returncode == 2 and "a report is of one run" in refused.stderr and not (tmp_path / "c.html").exists()


# Goal: series say what happened. Method: facts of the outcome that they must show.
def test_timeline_agrees_with_the_outcome(recorded):
    result, _, timeline = recorded
    assert len(timeline.times) == 600 and timeline.times[-1] == pytest.approx(result.simulated_seconds)
    assert sum(rate * timeline.bin_s for rate in timeline.acknowledged_per_second) == pytest.approx(result.records.acknowledged)
    worst = timeline.as_dict()["partitions"][0]
    assert worst["name"] == result.losses[0].of, "worst first"
    for broker in worst["replicas"]:
        log = timeline.log(worst["name"], broker)
        assert len(log["log_end"]) == 600
        assert all(high <= end for high, end in zip(log["high_watermark"], log["log_end"]) if high >= 0)
    with pytest.raises(KeyError, match="not followed"):
        timeline.log("nobody/0", 0)
    killed = [f for f in result.faults if f.kind == "kill_process" and f.fired]
    kinds = [timeline.as_dict()["events"]["kinds"][k] for k in timeline.as_dict()["events"]["kind"]]
    assert kinds.count("broker killed") == len(killed) > 0
    changes = sum(p["leader_changes"] for p in timeline.as_dict()["partitions"] if not p["internal"])
    assert changes >= result.leader_changes > 0


def test_timeline_frames(recorded):
    pytest.importorskip("pandas")
    result, _, timeline = recorded
    events = timeline.events()
    assert list(events.columns) == ["at_s", "event", "who", "partition", "value"] and events["at_s"].is_monotonic_increasing
    hosts = timeline.hosts()
    assert set(hosts["host"]) >= set(timeline.brokers) and hosts["disk_busy"].between(0, 1).all() and hosts["nic_busy"].between(0, 1).all()
    assert hosts["out_bytes"].max() > 0 and hosts["dirty"].max() > 0
    assert (timeline.leadership()["leader"] >= -1).all() and len(timeline.leadership()) > 0


# Goal: a report of something else is refused. Method: the file changes after the run; a branch.
def test_a_scenario_that_has_changed_is_refused(small, tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(small))
    result = brokersim.run(path)
    path.write_text(json.dumps({**small, "duration": "11 s"}))
    with pytest.raises(ValueError, match="does not repeat this run"):
        result.report(tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
    branch = brokersim.branch(small, at="5 s", only=0).result(0)
    with pytest.raises(ValueError, match="a branch"):
        branch.report(tmp_path / "report.html")
