"""A fault-injection regression test as a team would keep it in its own CI.

The promise under test: with acks=all and min.insync.replicas=2, `kill -9` of a partition's leader loses no record that
was acknowledged, and writes are back within 15 s. The second test proves that the first can fail: it switches on a
planted bug of the broker (an acks=all answer that does not wait for the followers) and expects it to go red.
"""
import re

import pytest

import brokersim

# Ours, as a team would describe it: three brokers in three zones, one topic, a busy producer.
ORDERS = {
    "title": "Orders survive the kill of their leader",
    "duration": "45 s",
    "hosts": [{"name": "broker", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"]}],
    "systems": {
        "kafka": {
            "kind": "kafka", "version": "4.1", "brokers_on": "broker", "controllers": {"count": 3},
            "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}],
        }
    },
    "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "20000 /s",
                   "arrivals": "poisson", "record_size": "1 KiB", "config": {"acks": "all"}}],
    "faults": [{"at": "15 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "15 s"}],
}
SEEDS = range(1, 11)
# What a regression in the broker could look like.
PLANTED = {"/systems/kafka/rules/planted": ["ack_before_replication"]}

LOST = "records.lost_acknowledged of checkout"
ACKNOWLEDGED = "records.acknowledged of checkout"
NO_WRITES_S = "unavailable.longest of orders/0"
METRICS = [LOST, ACKNOWLEDGED, NO_WRITES_S, "faults.had_effect"]


def assert_orders_survive(overrides=None):
    """Ten seeds: each kills the leader at another moment between two fetches of its followers."""
    rows = brokersim.sweep(ORDERS, seeds=SEEDS, overrides=overrides, metrics=METRICS)
    for row in rows:
        assert row["bug"] is None, row["bug"]
        assert row["faults.had_effect"] == 1, "a leader that was not killed tests nothing"
        assert row[ACKNOWLEDGED] > 500_000, row
        assert 1 < row[NO_WRITES_S] <= 15, row
    worst = max(rows, key=lambda row: row[LOST])
    if worst[LOST] > 0:
        pytest.fail(f"acknowledged orders lost\n{brokersim.run(ORDERS, worst['seed'], overrides).text()}")
    return rows.column("fingerprint")


def test_no_acknowledged_order_is_lost_when_the_leader_is_killed():
    assert assert_orders_survive() == assert_orders_survive(), "the same seeds, the same runs"


# Goal: the test above is no ornament. Method: the same assertions on a broker that answers acks=all too early. Only a
# record that was acknowledged within the last round trip to the followers can be lost, so not every seed shows it.
def test_it_goes_red_when_the_bug_is_planted():
    with pytest.raises(pytest.fail.Exception, match="acknowledged orders lost") as red:
        assert_orders_survive(PLANTED)
    told = " ".join(str(red.value).split())
    assert "against the promise of acks=all" in told, "it says that this is a bug, not a trade-off"
    assert re.search(r"Broker \d acknowledged (them|it) (at|from)", told), "it tells the story"
    assert "overrides={'/systems/kafka/rules/planted': ['ack_before_replication']}" in told, "it says how to replay it"
