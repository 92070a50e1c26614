"""What a search or an analysis may change: places of a scenario with the values or the range to try there."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

from brokersim.asked import apart
from brokersim.runner import checked_pointer


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

        brokersim.Range(1, 200, unit="ms")             # "57 ms": text with a unit, as the scenario file wants it
        brokersim.Range(1, 12)                         # whole numbers
        brokersim.Range(1e3, 1e6, unit="/s", log=True) # as many between 1,000 and 10,000 as between 10,000 and 100,000

    whole: only whole numbers (of the unit). log: spread by factors, not by differences; low must be above 0."""

    low: float
    high: float
    unit: str = ""
    log: bool = False
    whole: bool = True

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise TypeError(f"{name} of a range is {value!r}; it must be a number, with its unit apart: Range(1, 200, unit=\"ms\")")
        if self.low >= self.high:
            raise ValueError(f"a range from {self.low:g} to {self.high:g} has no values; low must be below high")
        if self.log and self.low <= 0:
            raise ValueError(f"a range by factors cannot begin at {self.low:g}; low must be above 0")

    def at(self, share: float) -> Any:
        """The value at `share` (0 to 1) of the range, as the scenario takes it."""
        value = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        return self.shown(value)

    def shown(self, value: float) -> Any:
        """A number of the range as the scenario takes it: with the unit, or whole."""
        number: Union[int, float] = round(value) if self.whole else float(f"{value:.6g}")
        return f"{number} {self.unit}" if self.unit else number


#: Values to try, or a Range.
Choice = Union[Range, Sequence[Any]]


def space_of(change: Any) -> dict[str, Choice]:
    """The argument `change`, or TypeError and ValueError with the way out."""
    if not isinstance(change, Mapping) or not change:
        raise TypeError(f'change is {change!r}; it must be a dict of JSON pointer to a list of values or a brokersim.Range, '
                        'such as {"/workloads/0/config/acks": [1, "all"]}')
    for pointer in change:
        checked_pointer(pointer)
    apart(list(change))
    space: dict[str, Choice] = {}
    for pointer, choice in change.items():
        checked_pointer(pointer)
        if isinstance(choice, Range):
            space[pointer] = choice
            continue
        if isinstance(choice, (str, bytes, Mapping)) or not isinstance(choice, Iterable):
            raise TypeError(f'change["{pointer}"] is {choice!r}; it must be a list of values or a brokersim.Range')
        values = list(choice)
        if not values:
            raise ValueError(f'change["{pointer}"] has no values')
        space[pointer] = values
    return space


def at(choice: Choice, share: float) -> Any:
    """The value at `share` (0 to 1) of a choice."""
    if isinstance(choice, Range):
        return choice.at(share)
    return choice[min(int(share * len(choice)), len(choice) - 1)]
