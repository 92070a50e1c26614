"""Loads of one's own: a Python function says when records are sent.

    def lunch(load):                                # called once before the run
        at = 0.0
        while at < load.end_s:
            at += load.random.expovariate(800 if 20 < at % 60 < 40 else 200)
            yield at                                # seconds from the start of the run

    result = brokersim.run(scenario, workloads={"checkout": lunch})

The function replaces the arrivals of the kafka_producer workload of that name: its times become the scenario's own
("arrivals": "listed"), so that the run is one of a plain scenario, with a fingerprint that says which. `load.random` draws
the same for the same seed, workload and scenario; another source of dice makes runs that cannot be repeated.
"""
from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from brokersim.errors import CheckerError
from brokersim.quantities import Duration

TIMES_MAX = 5_000_000


@dataclass(frozen=True)
class Load:
    """What a workload function is called with."""

    name: str               #: Of the workload.
    seed: int               #: Of the run.
    start_s: float          #: The workload's `start`: no time before it.
    end_s: float            #: The workload's `stop`, or 5/6 of the run, so that the end can settle.
    random: random.Random   #: Its own dice: the same for the same seed and name.


#: Takes a Load, gives times in seconds from the start of the run, in ascending order.
WorkloadFunction = Callable[[Load], Iterable[float]]


def checked(workloads: Any) -> dict[str, WorkloadFunction]:
    """The argument `workloads`, or TypeError with the way out."""
    if workloads is None:
        return {}
    if not isinstance(workloads, Mapping):
        raise TypeError(f'workloads is of type {type(workloads).__name__}; it must be a dict of a workload\'s name to a function, such as {{"checkout": lunch}}')
    for name, function in workloads.items():
        if not isinstance(name, str) or not callable(function):
            raise TypeError(f"workloads[{name!r}] is {function!r}; it must be a function that takes a brokersim.Load and yields times in seconds")
    return dict(workloads)


def overrides_of(workloads: Mapping[str, WorkloadFunction], document: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """JSON pointer to value: the scenario's changes that make the workloads' times its own. Raises ValueError for a
    workload that there is not, CheckerError if a function fails."""
    listed = document.get("workloads")
    names = [one.get("name") if isinstance(one, Mapping) else None for one in listed] if isinstance(listed, list) else []
    changes: dict[str, Any] = {}
    for name, function in workloads.items():
        if name not in names:
            raise ValueError(f"the scenario has no workload {name!r}; it has {', '.join(map(repr, filter(None, names))) or 'none'}")
        at = names.index(name)
        given = listed[at]  # type: ignore[index]
        if given.get("kind") != "kafka_producer":
            raise ValueError(f"the workload {name!r} is of kind {given.get('kind')!r}; only a kafka_producer's arrivals can be a function")
        start_s = _seconds(given.get("start"), 0.0)
        end_s = _seconds(given.get("stop"), _seconds(document.get("duration"), 0.0) * 5 / 6)
        load = Load(name, seed, start_s, end_s, random.Random(f"{name} {seed}"))
        changes[f"/workloads/{at}"] = {**{k: v for k, v in given.items() if k not in ("rate", "arrivals", "times")},
                                       "arrivals": "listed", "times": [f"{ns} ns" for ns in _times(function, load)]}
    return changes


def _times(function: WorkloadFunction, load: Load) -> list[int]:
    times: list[int] = []
    try:
        for at in function(load):
            if isinstance(at, bool) or not isinstance(at, (int, float)) and not hasattr(at, "__float__"):
                raise TypeError(f"time number {len(times)} is {at!r}; it must be seconds, a number")
            ns = round(float(at) * 1e9)
            if ns < round(load.start_s * 1e9) or (times and ns < times[-1]):
                raise ValueError(f"time number {len(times)} is {at!r} s, before the one before it or before the workload's start; times must ascend")
            if ns >= round(load.end_s * 1e9):
                break  # nothing is sent at or after the end
            times.append(ns)
            if len(times) > TIMES_MAX:
                raise ValueError(f"more than {TIMES_MAX:,} times")
    except CheckerError:
        raise
    except Exception as error:
        place = f" after {len(times)} times, the last at {times[-1] / 1e9:.6f} s" if times else ""
        raise CheckerError(load.name, f"the workload function of {load.name!r} failed{place}: {type(error).__name__}: {error}",
                           times[-1] / 1e9 if times else None) from error
    if not times:
        raise CheckerError(load.name, f"the workload function of {load.name!r} gave no time before {load.end_s:g} s")
    return times


def _seconds(value: Optional[Any], otherwise: float) -> float:
    return float(Duration.parse(value)) if isinstance(value, str) else otherwise
