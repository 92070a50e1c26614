"""Three promises about our orders, each under the fault that could break it, over several seeds."""
from typing import Any

import pytest

from brokersim import Simulate

Overrides = dict[str, Any]
KILL = [{"at": "15 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "15 s"}]
POWER = [{"at": "15 s", "kind": "power_loss", "target": {"leader_of": "orders/0"}, "restart_after": "10 s"}]
PAUSE = [{"at": "15 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "20 s"}]


@pytest.mark.brokersim("orders.json", seeds=6, overrides={"/faults": KILL})
def test_no_acknowledged_order_is_lost_when_the_leader_is_killed(simulate: Simulate, broker: Overrides) -> None:
    result = simulate(overrides=broker)
    assert result.faults[0].had_effect, "a leader that was not killed tests nothing"
    assert result.records.lost_acknowledged == 0


@pytest.mark.brokersim("orders.json", seeds=3, overrides={"/faults": POWER})
def test_orders_are_taken_again_soon_after_a_power_loss(simulate: Simulate, broker: Overrides) -> None:
    result = simulate(overrides=broker)
    assert result.faults[0].had_effect
    # Nobody answers for a machine without power: 9 s until its session ends, and the client waits for its own timeout.
    # With the default request.timeout.ms of 30 s this is red.
    assert result.longest_unavailable("produce_acks_all") <= "20 s"


@pytest.mark.brokersim("orders.json", seeds=3, overrides={"/faults": PAUSE})
def test_a_paused_follower_holds_writes_up_for_its_session_and_no_longer(simulate: Simulate, broker: Overrides) -> None:
    result = simulate(overrides=broker)
    assert result.faults[0].had_effect
    assert result.records.lost_acknowledged == 0 and result.records.failed == 0
    assert result.longest_unavailable("produce_acks_all") <= "12 s"
