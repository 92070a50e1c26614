"""Loads of one's own: a Python function says how fast a workload sends, as time goes by.

    def lunch(t_s):                                  # seconds from the start of the run -> records per second
        return 2000 if 20 <= t_s < 40 else 200

    result = brokersim.run(scenario, workloads={"checkout": lunch})
    result = brokersim.run(scenario, workloads={"checkout": brokersim.Load(lunch, step="500 ms")})

or when each record is sent:

    def bursts():                                    # yields seconds from the start of the run, ascending
        for second in itertools.count():
            yield from [second + 0.25] * 100

    result = brokersim.run(scenario, workloads={"checkout": brokersim.Arrivals(bursts)})

The function is asked in the middle of each step, before the run. The kafka_producer workload of that name becomes one workload for
each stretch of equal rate (named checkout, checkout-from-20s, ...), each with its own `start`, `stop` and `rate` and all else as it
was, so that the run is one of a plain scenario, whose fingerprint says which. A stretch is a producer process of its own: it
connects and fetches metadata when it begins. Arrivals become the field `times` of the same workload, which stays one. A function
with dice must draw the same every time (random.Random(seed)).
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from brokersim.errors import CheckerError
from brokersim.quantities import Duration

STRETCHES_MAX = 500
ARRIVALS_MAX = 1_000_000

#: Seconds from the start of the run -> records per second of all instances together; 0: nothing is sent.
RateFunction = Callable[[float], float]


@dataclass(frozen=True)
class Load:
    """A rate over time: `function` of the seconds since the start of the run, asked once for each `step`."""

    function: RateFunction
    step: str = "1 s"  #: How long a rate stays, as text with a unit.

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function is {self.function!r}; it must take seconds and give records per second")
        if not isinstance(self.step, str):
            raise TypeError(f'step is {self.step!r}; it must be text such as "500 ms"')
        if float(Duration.parse(self.step)) <= 0:
            raise ValueError(f"step is {self.step!r}; it must be longer than nothing")

    @property
    def asked(self) -> RateFunction:
        """What the user gave: shown in replay lines."""
        return self.function


@dataclass(frozen=True)
class Arrivals:
    """Record by record: `times` are the seconds from the start of the run, ascending, at which groups of records_per_send (by
    default single records) are meant to be sent. Either a function without arguments that gives or yields them, called once
    for each run and read until the workload's stop, however many it would yield; or a list or array of them. Those at or
    after the workload's stop are left out. Rounded to nanoseconds; the workload's instances (`count`) take them in turn."""

    times: Union[Callable[[], Iterable[float]], Iterable[float]]

    def __post_init__(self) -> None:
        if callable(self.times):
            return
        if isinstance(self.times, Iterator):
            raise TypeError("times is an iterator, which can be read only once; give the function that yields them, or a list")
        if isinstance(self.times, (str, Mapping)) or not isinstance(self.times, Iterable):
            raise TypeError(f"times is {self.times!r}; it must be a function that yields seconds, or a list of seconds")
        object.__setattr__(self, "times", tuple(self.times))

    @property
    def asked(self) -> Union[Callable[[], Iterable[float]], Iterable[float]]:
        """What the user gave: shown in replay lines."""
        return self.times


#: What a workload is made of.
Source = Union[Load, Arrivals]
#: What run() takes for a workload.
WorkloadFunction = Union[RateFunction, Load, Arrivals]


def checked(workloads: Any) -> dict[str, Source]:
    """The argument `workloads`, or TypeError with the way out."""
    if workloads is None:
        return {}
    if not isinstance(workloads, Mapping):
        raise TypeError(f'workloads is of type {type(workloads).__name__}; it must be a dict of a workload\'s name to a function, such as {{"checkout": lunch}}')
    loads: dict[str, Source] = {}
    for name, value in workloads.items():
        if not isinstance(name, str) or not (callable(value) or isinstance(value, (Load, Arrivals))):
            raise TypeError(f"workloads[{name!r}] is {value!r}; it must be a function that takes seconds and gives records per second, "
                            "a brokersim.Load or brokersim.Arrivals")
        loads[name] = value if isinstance(value, (Load, Arrivals)) else Load(value)
    return loads


def stretches(name: str, load: Load, start_s: float, end_s: float) -> list[tuple[float, float, float]]:
    """(from, to, rate) of equal rate each, those of rate 0 left out. Raises CheckerError if the function fails."""
    step = float(Duration.parse(load.step))
    found: list[tuple[float, float, float]] = []
    for i in range(math.ceil((end_s - start_s) / step - 1e-9)):
        begin = start_s + i * step
        until = min(begin + step, end_s)
        middle = (begin + until) / 2
        try:
            rate = load.function(middle)
            number = float(rate)
            if isinstance(rate, (bool, str)) or not math.isfinite(number) or number < 0:
                raise ValueError(f"it gave {rate!r}; it must give records per second, 0 or more")
        except Exception as error:
            raise CheckerError(name, f"the workload function of {name!r} failed at {middle:g} s: {type(error).__name__}: {error}", middle) from error
        number = round(number, 3)
        if found and found[-1][2] == number and found[-1][1] == begin:
            found[-1] = (found[-1][0], until, number)
        elif number > 0:
            found.append((begin, until, number))
    if not found:
        raise CheckerError(name, f"the workload function of {name!r} is 0 from {start_s:g} s to {end_s:g} s: nothing would be sent")
    if len(found) > STRETCHES_MAX:
        raise ValueError(f"the workload function of {name!r} has {len(found)} different stretches, more than {STRETCHES_MAX}; take a longer step: "
                         f'brokersim.Load(function, step="5 s")')
    return found


def times_of(name: str, arrivals: Arrivals, start_s: float, end_s: float) -> list[str]:
    """What the scenario's field `times` gets. Raises CheckerError if the function fails or gives what cannot be sent."""
    texts: list[str] = []
    last = round(start_s * 1e9)
    end = round(end_s * 1e9)
    try:
        for time in arrivals.times() if callable(arrivals.times) else arrivals.times:
            if isinstance(time, (bool, str)) or not math.isfinite(float(time)):
                raise ValueError(f"its time {len(texts)} is {time!r}; it must be seconds from the start of the run")
            ns = round(float(time) * 1e9)
            if ns >= end:
                break
            if ns < last:
                raise ValueError(f"its time {len(texts)} is {time!r} s, before {'the one before it' if texts else 'the start of the workload'}, {last / 1e9:g} s")
            if len(texts) == ARRIVALS_MAX:
                raise ValueError(f"it gives more than {ARRIVALS_MAX:,} times")
            last = ns
            texts.append(f"{ns} ns")
    except Exception as error:
        raise CheckerError(name, f"the arrivals of {name!r} failed after {last / 1e9:g} s: {type(error).__name__}: {error}", last / 1e9) from error
    if not texts:
        raise CheckerError(name, f"the arrivals of {name!r} have no time from {start_s:g} s to before {end_s:g} s: nothing would be sent")
    return texts


def document_of(loads: Mapping[str, Source], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scenario's `workloads` with stretches in the place of those named. Raises ValueError for a workload that there is
    not, CheckerError if a function fails."""
    listed = document.get("workloads")
    given = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    for name in loads:
        if name not in [one.get("name") for one in given]:
            raise ValueError(f"the scenario has no workload {name!r}; it has {', '.join(repr(one.get('name')) for one in given) or 'none'}")
    made: list[dict[str, Any]] = []
    for one in given:
        load = loads.get(str(one.get("name")))
        if load is None:
            made.append(dict(one))
            continue
        if one.get("kind") != "kafka_producer":
            raise ValueError(f"the workload {one.get('name')!r} is of kind {one.get('kind')!r}; only a kafka_producer's load can be given")
        start_s = _seconds(one.get("start"), 0.0)
        end_s = _seconds(one.get("stop"), _seconds(document.get("duration"), 0.0) * 5 / 6)
        if isinstance(load, Arrivals):
            kept = {key: value for key, value in one.items() if key not in ("rate", "arrivals", "times")}
            made.append({**kept, "arrivals": "listed", "times": times_of(str(one["name"]), load, start_s, end_s)})
            continue
        rest = {key: value for key, value in one.items() if key not in ("name", "rate", "start", "stop")}
        for i, (begin, until, rate) in enumerate(stretches(str(one["name"]), load, start_s, end_s)):
            made.append({"name": str(one["name"]) if i == 0 else f"{one['name']}-from-{_name(begin)}", **rest, "rate": f"{rate:g} /s",
                         "start": f"{round(begin * 1e6)} us", "stop": f"{round(until * 1e6)} us"})
    return made


def _name(seconds: float) -> str:
    return f"{seconds:g}s".replace(".", "_")


def _seconds(value: Any, otherwise: float) -> float:
    return float(Duration.parse(value)) if isinstance(value, str) else otherwise
