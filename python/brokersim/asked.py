"""What a sweep is asked for: its arguments, judged and put into order. Not public."""
from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Optional

from brokersim import _brokersim
from brokersim.progress import Bar
from brokersim.runner import checked_pointer, checked_seed
from brokersim.runner import metrics as all_metrics


@dataclass(frozen=True)
class Rule:
    """When a setting has enough seeds."""

    metric: str
    of: str
    share: bool
    half_width: float
    relative: bool

    @property
    def column(self) -> str:
        return column_of(self.metric, self.of)


def column_of(metric: str, of: str) -> str:
    return f"{metric} of {of}" if of else metric


def executor_of(executor: Optional[Any], jobs: int) -> tuple[Executor, bool]:
    """The executor, and whether it is ours."""
    if executor is None:
        return ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="brokersim"), True
    if hasattr(executor, "get_executor"):  # a Dask client
        executor = executor.get_executor()
    if not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor is of type {type(executor).__name__}; it must be a concurrent.futures.Executor, a Dask "
                        "client, or brokersim.ray_executor()")
    return executor, False


def progress_of(progress: Any) -> Optional[Callable[[int, int], None]]:
    if progress is None or progress is False:
        return None
    if progress is True:
        return Bar()
    if not callable(progress):
        raise TypeError(f"progress is {progress!r}; it must be True, or a function that takes (done, total)")
    call: Callable[[int, int], None] = progress
    return call


def open_store(store: Any) -> _brokersim.SweepStore:
    if not isinstance(store, (str, os.PathLike)):
        raise TypeError(f"store is of type {type(store).__name__}; it must be a path")
    try:
        return _brokersim.SweepStore(os.fsdecode(store))
    except ValueError as error:
        raise ValueError(f"store: {error}") from None


def rules_of(precision: Any) -> list[Rule]:
    if precision is None:
        return []
    if not isinstance(precision, Mapping):
        raise TypeError('precision is no dict; it must be metric to width, such as {"latency.produce.p99_ms": "5%"}')
    rules = []
    for name, width in precision.items():
        share = isinstance(name, str) and name.startswith("any ")
        (_, metric, of), = metric_list([name[4:] if share else name])
        percent = isinstance(width, str) and width.endswith("%")
        try:
            number = float(width[:-1] if percent else width) / (100 if percent else 1)
        except (TypeError, ValueError):
            number = 0.0
        if isinstance(width, bool) or not 0 < number < float("inf"):
            raise ValueError(f'precision of "{name}" is {width!r}; it must be a positive number, or a share of the mean such as "5%"')
        rules.append(Rule(metric, of, share, number, percent and not share))
    return rules


def settings_of(vary: Optional[Mapping[str, Sequence[Any]]]) -> list[dict[str, Any]]:
    if vary is None:
        return [{}]
    if not isinstance(vary, Mapping):
        raise TypeError(f'vary is of type {type(vary).__name__}; it must be a dict of JSON pointer to a list of values, '
                        'such as {"/workloads/0/config/acks": [0, 1, "all"]}')
    for pointer, values in vary.items():
        checked_pointer(pointer)
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise TypeError(f'vary["{pointer}"] is {values!r}; it must be a list of values, even for one: [{values!r}]')
    apart(list(vary))
    listed = {pointer: list(values) for pointer, values in vary.items()}
    for pointer, values in listed.items():
        if pointer == "/seed":
            raise ValueError("/seed cannot be varied: every setting runs with the sweep's own seeds; give seeds=range(1, 21)")
        for i, value in enumerate(values):
            if any(type(value) is type(other) and value == other for other in values[:i]):
                raise ValueError(f'vary["{pointer}"] has {value!r} twice; the same run twice is no second run: give each value once')
    return [dict(zip(listed, values)) for values in itertools.product(*listed.values())]


def apart(pointers: list[str]) -> None:
    """ValueError if one place is within another: the later would undo the earlier, and rows would have wrong labels."""
    for inner in pointers:
        for outer in pointers:
            if inner.startswith(outer + "/"):
                raise ValueError(f'"{inner}" is a part of "{outer}", so that one undoes the other; vary one of them, or places side by side')


def seed_list(seeds: Iterable[int]) -> list[int]:
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds is {seeds!r}; it must be a list or a range of whole numbers, such as range(1, 21)")
    numbers = [checked_seed(seed) for seed in seeds]
    if len(set(numbers)) < len(numbers):
        twice = next(seed for i, seed in enumerate(numbers) if seed in numbers[:i])
        raise ValueError(f"seeds has {twice} twice; the same seed is the same run, not a second one: give each seed once")
    return numbers


def metric_list(metrics: Optional[Sequence[str]]) -> list[tuple[str, str, str]]:
    """(column, metric, of) each."""
    known = all_metrics()
    if metrics is None:
        return [(name, name, "") for name in known]
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise TypeError(f"metrics is {metrics!r}; it must be a list of names, even for one")
    wanted = []
    for column in metrics:
        name, _, of = str(column).partition(" of ")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ValueError(f'there is no metric "{name}"' + (f'; did you mean "{near[0]}"?' if near else
                                                              "; brokersim.metrics() lists them"))
        wanted.append((str(column), name, of))
    return wanted
