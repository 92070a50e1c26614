"""Traces in Perfetto's own trace processor: `make trace-test` (installs the package perfetto with pip)."""
import os
import subprocess
from pathlib import Path

import pytest

import brokersim

from processor import open_trace, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BROKERSIM", str(ROOT / "build/release/brokersim"))

SMALL = {
    "title": "small", "duration": "30 s",
    "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
    "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 3},
                          "topics": [{"name": "orders", "assignment": [[0, 1, 2], [1, 2, 0]],
                                      "config": {"min.insync.replicas": 2, "flush.messages": 1}}]}},
    "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "200 /s", "arrivals": "poisson", "config": {"acks": "all"}},
                  {"name": "billing", "kind": "kafka_consumer", "topic": "orders"}],
    "faults": [{"at": "8 s", "kind": "kill_process", "target": {"broker": 0}, "restart_after": "5 s"}],
}


class Seen(brokersim.Checker):
    """The history beside the trace."""

    events = ("produced", "appended", "consumed", "flushed", "partition_changed", "broker_changed")
    kept = {}

    def begin(self):
        Seen.kept = {kind: [] for kind in self.events}

    def on(self, event):
        Seen.kept[event.kind].append(event)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "run.pftrace"
    result = brokersim.run(SMALL, seed=3, checkers=[Seen])
    result.trace(path)
    with open_trace(path) as processor:
        yield result, {kind: list(events) for kind, events in Seen.kept.items()}, processor


SLICES = """select s.id, s.name, s.category, s.ts / 1e9 as at_s, s.dur / 1e9 as dur_s, s.depth, t.name as track, p.name as process
            from slice s join process_track t on s.track_id = t.id join process p using (upid)"""


def ask(processor, sql):
    return list(processor.query(sql))


def slices(processor, where="1"):
    return ask(processor, f"{SLICES} where {where} order by s.ts")


# Goal: nothing is wrong with the file itself. Method: the processor's own statistics of errors and data losses.
def test_the_processor_has_no_complaint(traced):
    _, _, processor = traced
    assert [(row.name, row.value) for row in ask(processor, "select name, value from stats where severity in ('error', 'data_loss') and value > 0")] == []
    assert ask(processor, "select count(*) as n from slice where dur < 0")[0].n == 0, "every slice has an end"
    names = {row.name for row in ask(processor, "select name from process")}
    assert {"what went wrong", "partitions", "broker 0 (b-0)", "client checkout-0", "client billing-0"} <= names
    assert sum(name.startswith("controller ") for name in names if name) == 3


# Goal: one slice for each batch and its whole life. Method: the history's outcomes beside the producer's slices.
def test_producer_slices_are_the_outcomes(traced):
    _, seen, processor = traced
    found = slices(processor, "p.name = 'client checkout-0' and t.name = 'produce'")
    assert len(found) == len(seen["produced"]) > 500
    assert sorted((round(row.at_s, 9), round(row.at_s + row.dur_s, 9)) for row in found) == sorted(
        (round(event.sent_s, 9), round(event.at_s, 9)) for event in seen["produced"])
    records = ask(processor, """select sum(int_value) as n from args join slice s on s.arg_set_id = args.arg_set_id join process_track t on s.track_id = t.id
                                join process p using (upid) where key = 'debug.records' and p.name = 'client checkout-0'""")[0].n
    assert records == sum(event.count for event in seen["produced"])


# Goal: causal flows from the client to the leader to each follower and to the consumer. Method: rows of the flow table by
# the tracks at their ends, beside the history: every batch that a leader stored came by a flow, and every copy went by one.
def test_flows_lead_from_client_to_leader_to_followers(traced):
    _, seen, processor = traced
    flows = ask(processor, f"""with s as ({SLICES})
        select a.track as origin, b.track as goal, a.process as origin_process, b.process as goal_process, a.at_s as from_s, b.at_s as to_s
        from flow join s a on flow.slice_out = a.id join s b on flow.slice_in = b.id""")
    by = {}
    for flow in flows:
        by.setdefault((flow.origin, flow.goal), []).append(flow)
        assert flow.from_s <= flow.to_s, "causes come first"
    leaders = [event for event in seen["appended"] if event.role == "leader"]
    followers = [event for event in seen["appended"] if event.role == "follower"]
    to_leader = by["produce", "produce requests"]
    assert len(to_leader) >= len({(e.partition, e.first) for e in leaders}) > 500
    assert {flow.origin_process for flow in to_leader} == {"client checkout-0"}
    copies = by["produce requests", "copies from leaders"]
    firsts = {(e.partition, e.first) for e in leaders}
    assert len(copies) >= 0.98 * len([e for e in followers if (e.partition, e.first) in firsts]), "what was copied after a restart may have come in other pieces"
    assert all(flow.origin_process != flow.goal_process for flow in copies)
    assert len(by["produce requests", "consume"]) >= 0.95 * len(seen["consumed"])


# Goal: requests show their stations as Kafka's RequestMetrics do. Method: nested slices of one request fill it.
def test_requests_have_stations(traced):
    _, _, processor = traced
    whole = slices(processor, "t.name = 'produce requests' and s.depth = 0")
    parts = ask(processor, f"with s as ({SLICES}) select s.id, sum(c.dur) / 1e9 as filled, s.dur_s as dur_s from s join slice c on c.parent_id = s.id where s.track = 'produce requests' group by s.id")
    assert len(whole) > 500 and len(parts) > 0.95 * len(whole)
    ended = [row for row in parts if abs(row.filled - row.dur_s) < 1e-8]
    assert len(ended) > 0.99 * len(parts), "the stations follow each other without a gap"
    stations = {row.name for row in ask(processor, "select distinct name from slice where depth = 1 and category = 'request'")}
    assert stations == {"network thread", "request queue and handler", "log, flush and purgatory", "answer"}


def test_flushes_are_the_historys(traced):
    _, seen, processor = traced
    found = slices(processor, "s.category = 'flush'")
    assert sorted(round(row.at_s + row.dur_s, 9) for row in found) == sorted(round(event.at_s, 9) for event in seen["flushed"])
    assert len(found) > 500 and any(row.dur_s > 0 for row in found)


# Goal: elections are slices from the leader's death to the new leader's first act. Method: the only leader killed.
def test_elections_and_states(traced):
    result, seen, processor = traced
    elections = slices(processor, "s.category = 'election' and s.depth = 0")
    changed, leader = 0, {}
    for event in seen["partition_changed"]:
        if event.partition.startswith("orders") and event.leader >= 0:
            changed += leader.get(event.partition, event.leader) != event.leader
            leader[event.partition] = event.leader
    assert len([row for row in elections if "orders" in row.name]) == changed >= 1
    first = elections[0]
    killed = next(event.at_s for event in seen["broker_changed"] if event.state == "process_killed")
    assert first.name == "election orders/0" and first.at_s == pytest.approx(killed, abs=1e-9)
    fired = slices(processor, "s.category = 'fault'")
    assert [(row.name, round(row.at_s, 6)) for row in fired] == [("kill_process", 8.0)]
    states = [row.name for row in slices(processor, "p.name = 'broker 0 (b-0)' and t.name = 'state'")]
    assert "killed" in states and states[-1] == "running" and states.index("killed") < states.index("starting", states.index("killed"))
    windows = slices(processor, "s.category = 'unavailable'")
    assert len(windows) == len(result.unavailable)


def test_counters_have_values_and_units(traced):
    _, _, processor = traced
    rows = ask(processor, "select t.name, t.unit, count(*) as n, max(c.value) as high from counter c join process_counter_track t on c.track_id = t.id group by t.name, t.unit")
    found = {row.name: row for row in rows}
    assert {"page cache dirty", "disk busy", "network out", "processor", "orders/0 ISR", "orders/0 above high watermark"} <= set(found)
    assert found["page cache dirty"].unit == "bytes" and found["disk busy"].high <= 100 and found["orders/0 ISR"].high == 3
    assert found["network out"].high > 0 and found["disk busy"].high > 0


# Goal: a failure is replayed with a trace of the seconds around it. Method: a planted bug, from Python and on the command line.
def test_around_a_failure(tmp_path):
    lossy = {**SMALL, "expect": [{"metric": "records.lost_acknowledged", "equals": 0}],
             "faults": [{"at": "8 s", "kind": "power_loss", "target": {"broker": 0}, "restart_after": "5 s"}]}
    lossy["workloads"] = [{**SMALL["workloads"][0], "config": {"acks": 0}, "rate": "5000 /s"}]
    result = brokersim.run(lossy, seed=3)
    assert result.verdict == "violated" and result.losses
    result.trace(tmp_path / "failure.pftrace", failure="500 ms")
    with open_trace(tmp_path / "failure.pftrace") as processor:
        span, = ask(processor, "select min(ts) / 1e9 as low, max(ts + dur) / 1e9 as high from slice")
        assert span.high - span.low <= 1.0 + 1e-6
        told = ask(processor, "select extract_arg(arg_set_id, 'debug.story') as story from slice where category = 'loss'")
        assert told and result.losses[0].explanation in [row.story for row in told]
    scenario = tmp_path / "lossy.json"
    brokersim.Scenario(lossy).save(scenario)
    done = subprocess.run([PROGRAM, "run", scenario, "--seeds", "3..5", "--trace", tmp_path / "cli.pftrace", "--trace-failure", "500 ms"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "seed 3" in done.stderr
    assert (tmp_path / "cli.pftrace").read_bytes() == (tmp_path / "failure.pftrace").read_bytes()


def test_wrong_windows_are_refused(tmp_path):
    result = brokersim.run(SMALL, seed=3)
    for arguments, says in [({"start": "9 s", "end": "9 s"}, "empty"), ({"failure": "1 s"}, "has not failed"), ({"start": "soon"}, "such as"),
                            ({"start": "1 s", "failure": "1 s"}, "not both"), ({"slices_max": 0}, "at least 1"), ({"start": -1}, "0 or more")]:
        with pytest.raises(ValueError, match=says):
            result.trace(tmp_path / "x.pftrace", **arguments)
    with pytest.raises(TypeError, match="text such as"):
        result.trace(tmp_path / "x.pftrace", start=[1])
    assert not list(tmp_path.iterdir())
    done = subprocess.run([PROGRAM, "run", ROOT / "scenarios/quickstart/first-steps.json", "--seeds", "1..2", "--trace", tmp_path / "x"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "a trace is of one run" in done.stderr
