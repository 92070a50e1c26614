"""Numbers with a unit that compare with text: `result.latency.produce.p99 <= "20 ms"`.

Each is a float in its base unit (seconds, records per second, bytes per second), so that arithmetic and NumPy take it as
it is; only comparisons look at text, with the units of the scenario file and its parser.
"""
from __future__ import annotations

from typing import Any, ClassVar, Optional, Union

from brokersim import _brokersim


class Quantity(float):
    """A float with a unit. Compares with numbers in its base unit and with text such as "20 ms".

    Text without a unit, or with one of another kind, raises ValueError; so a typo never passes as an assertion.
    """

    _dimension: ClassVar[str] = ""
    _parsed_per_base: ClassVar[float] = 1.0  # what the parser counts in, per base unit
    _units: ClassVar[tuple[tuple[float, str], ...]] = ()  # largest first

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """The quantity that `text` says, such as "20 ms". Raises ValueError with the way out."""
        return cls(_brokersim.quantity(text, cls._dimension) / cls._parsed_per_base)

    def _other(self, other: Any) -> Any:
        return float(self.parse(other)) if isinstance(other, str) else other

    def __lt__(self, other: Any) -> bool:
        return float.__lt__(self, self._other(other))

    def __le__(self, other: Any) -> bool:
        return float.__le__(self, self._other(other))

    def __gt__(self, other: Any) -> bool:
        return float.__gt__(self, self._other(other))

    def __ge__(self, other: Any) -> bool:
        return float.__ge__(self, self._other(other))

    def __eq__(self, other: object) -> bool:
        return float.__eq__(self, self._other(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return float.__hash__(self)

    def __str__(self) -> str:
        for size, unit in self._units:
            if abs(self) >= size:
                return f"{float(self) / size:.6g} {unit}"
        return f"{float(self):.6g} {self._units[-1][1]}" if self == 0 else f"{float(self) / self._units[-1][0]:.6g} {self._units[-1][1]}"

    def __repr__(self) -> str:
        return str(self)


class Duration(Quantity):
    """Seconds. Text: "250 us", "20 ms", "1.5 s", "2 min", "1 h"."""

    _dimension = "duration"
    _parsed_per_base = 1e9
    _units = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


class Rate(Quantity):
    """Events per second. Text: "20000 /s", "90 /min"."""

    _dimension = "rate"
    _parsed_per_base = 1e3
    _units = ((1.0, "/s"),)


class Bandwidth(Quantity):
    """Bytes per second. Text: "100 MB/s", "1 Gb/s" (bits), "64 MiB/s"."""

    _dimension = "bandwidth"
    _units = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s"))


def seconds_of(value: Union[str, float], name: str) -> float:
    """An instant or a duration as an argument: text with a unit, or a number of seconds. ValueError or TypeError with
    the argument's name."""
    if isinstance(value, str):
        return float(Duration.parse(value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f'{name} is {value!r}; it must be text such as "10 s", or a number of seconds')
    if not 0 <= value < 9e9:
        raise ValueError(f"{name} is {value!r}; it must be a number of seconds, 0 or more")
    return float(value)


def window_of(start: Union[str, float, None], end: Union[str, float, None], failure: Union[str, float, None],
              first_failure_s: Optional[float]) -> tuple[float, Optional[float]]:
    """From and to, in seconds; to is None at the end of the run."""
    if failure is not None:
        if start is not None or end is not None:
            raise ValueError("give either failure or start and end, not both")
        margin = seconds_of(failure, "failure")
        if first_failure_s is None:
            raise ValueError("the run has not failed: give start and end, or neither")
        return max(first_failure_s - margin, 0.0), first_failure_s + margin
    from_s = 0.0 if start is None else seconds_of(start, "start")
    to_s = None if end is None else seconds_of(end, "end")
    if to_s is not None and to_s <= from_s:
        raise ValueError(f"the window from {from_s:g} s to {to_s:g} s is empty")
    return from_s, to_s
