"""The type of the pytest plugin's fixture, for tests that are type checked."""
from __future__ import annotations

from typing import Optional, Protocol

from brokersim.result import Result
from brokersim.runner import Overrides, ScenarioLike


class Simulate(Protocol):
    """What the fixture `simulate` is: def test_orders(simulate: brokersim.Simulate) -> None."""

    def __call__(self, scenario: Optional[ScenarioLike] = None, *, seed: Optional[int] = None,
                 overrides: Optional[Overrides] = None) -> Result:
        """One run: without arguments the marker's scenario with this test's seed. Raises as brokersim.run does, and
        pytest.UsageError if no scenario is named."""
        ...
