"""Sensitivity: which of many settings matter for a metric, alone and together.

`morris` screens: some ten runs per setting say which ones matter at all (Morris 1991; mean of absolute elementary effects
after Campolongo, Cariboni and Saltelli 2007). `sobol` shares the variance out (Saltelli et al. 2010 for the first order,
Jansen 1999 for the total), at (settings + 2) x points runs and more. Intervals are bootstrapped over trajectories or points.
"""
from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional

from brokersim.asked import metric_list, seed_list
from brokersim.rows import Rows
from brokersim.runner import Overrides, ScenarioLike
from brokersim.spaces import Choice, at, space_of
from brokersim.sweeps import sweep

LEVELS = 4          # of Morris's grid
RESAMPLES = 400
Points = Sequence[Sequence[float]]


def morris(scenario: ScenarioLike, change: Mapping[str, Choice], metric: str, *, trajectories: int = 10,
           seeds: Iterable[int] = range(1, 4), overrides: Optional[Overrides] = None, jobs: int = 2, store: Any = None,
           seed: int = 1, executor: Optional[Any] = None) -> Rows:
    """Which settings matter for `metric` at all? One row for each pointer of `change`, the strongest first: `mu_star` (mean absolute
    change of the metric when the setting goes through its range), `low`, `high` (95 % interval), `mu` (with its sign;
    for lists of values in their order) and `sigma` (large beside mu_star: it depends on the others, or is not linear).

    change: JSON pointer to a list of values or a brokersim.Range. The metric is the mean over `seeds`, the same for all.
    trajectories: each walks through all settings once: trajectories x (settings + 1) points. seed: of the walk. store: as of
    sweep(). Runs in which the metric was not measured count as 0.

    Raises ScenarioError, TypeError and ValueError as sweep() does."""
    space, ask = _asked(scenario, change, metric, seeds, overrides, jobs, store, executor)
    _whole("trajectories", trajectories, 2)
    return _rows(space, *_morris(ask, len(space), trajectories, seed))


def sobol(scenario: ScenarioLike, change: Mapping[str, Choice], metric: str, *, points: int = 64,
          seeds: Iterable[int] = range(1, 4), overrides: Optional[Overrides] = None, jobs: int = 2, store: Any = None,
          seed: int = 1, executor: Optional[Any] = None) -> Rows:
    """How is the variance of `metric` shared out? One row for each pointer, the strongest first: `first` (the share that the setting explains
    alone), `first_low`, `first_high`, `total` (with all that it does together with others), `total_low`, `total_high` (95 %
    intervals). Values are drawn evenly from each range. points x (settings + 2) points are run with each of `seeds`; shares of
    few points are rough, as their intervals say. Arguments and errors as of morris()."""
    space, ask = _asked(scenario, change, metric, seeds, overrides, jobs, store, executor)
    _whole("points", points, 4)
    return _rows(space, *_sobol(ask, len(space), points, seed))


def _asked(scenario: ScenarioLike, change: Any, metric: str, seeds: Iterable[int], overrides: Optional[Overrides], jobs: int,
           store: Any, executor: Optional[Any]) -> tuple[dict[str, Choice], Callable[[Points], list[float]]]:
    """The space, and the function from points of the unit cube to the metric's mean."""
    space = space_of(change)
    if not isinstance(metric, str):
        raise TypeError(f"metric is {metric!r}; it must be a metric's name")
    (column, _, _), = metric_list([metric])
    seed_numbers = seed_list(seeds)
    if not seed_numbers:
        raise ValueError("seeds is empty; a point needs at least one run")
    known: dict[str, float] = {}

    def ask(points: Points) -> list[float]:
        values = []
        for point in points:
            setting = {pointer: at(choice, share) for (pointer, choice), share in zip(space.items(), point)}
            if (key := repr(setting)) not in known:
                rows = sweep(scenario, {pointer: [value] for pointer, value in setting.items()}, seed_numbers, overrides=overrides,
                             metrics=[metric], jobs=jobs, store=store, executor=executor)
                known[key] = sum(row[column] or 0.0 for row in rows) / len(rows)
            values.append(known[key])
        return values

    return space, ask


def _morris(ask: Callable[[Points], list[float]], n: int, trajectories: int, seed: int) -> tuple[list[str], list[list[float]]]:
    dice = random.Random(seed)
    step = LEVELS / (2 * (LEVELS - 1))
    effects: list[list[float]] = [[] for _ in range(n)]
    for _ in range(trajectories):
        point = [dice.randrange(LEVELS // 2) / (LEVELS - 1) for _ in range(n)]
        signs = [1.0] * n
        for i in range(n):
            if dice.random() < 0.5:  # from above
                point[i] += step
                signs[i] = -1.0
        walk, order = [list(point)], dice.sample(range(n), n)
        for i in order:
            point[i] += signs[i] * step
            walk.append(list(point))
        values = ask(walk)
        for k, i in enumerate(order):
            effects[i].append((values[k + 1] - values[k]) * signs[i] / step)
    rows = []
    for ones in effects:
        mean = sum(ones) / len(ones)
        sigma = (sum((one - mean) ** 2 for one in ones) / (len(ones) - 1)) ** 0.5
        low, high = _bootstrap(len(ones), lambda picked, ones=ones: sum(abs(ones[i]) for i in picked) / len(picked), seed)  # type: ignore[misc]
        rows.append([sum(abs(one) for one in ones) / len(ones), low, high, mean, sigma])
    return ["mu_star", "low", "high", "mu", "sigma"], rows


def _sobol(ask: Callable[[Points], list[float]], n: int, points: int, seed: int) -> tuple[list[str], list[list[float]]]:
    dice = random.Random(seed)
    # Latin hypercubes: each half of a column's shares is as even as can be.
    def cube() -> list[list[float]]:
        columns = []
        for _ in range(n):
            order = dice.sample(range(points), points)
            columns.append([(place + dice.random()) / points for place in order])
        return [list(row) for row in zip(*columns)]

    a, b = cube(), cube()
    of_a, of_b = ask(a), ask(b)
    mixed = [ask([[*x[:i], y[i], *x[i + 1:]] for x, y in zip(a, b)]) for i in range(n)]

    def shares(i: int, picked: Sequence[int]) -> tuple[float, float]:
        both = [of_a[k] for k in picked] + [of_b[k] for k in picked]
        mean = sum(both) / len(both)
        variance = sum((value - mean) ** 2 for value in both) / len(both)
        if variance <= 0:
            return 0.0, 0.0
        first = sum((of_b[k] - mean) * (mixed[i][k] - of_a[k]) for k in picked) / len(picked) / variance
        total = sum((of_a[k] - mixed[i][k]) ** 2 for k in picked) / (2 * len(picked)) / variance
        return first, total

    rows = []
    for i in range(n):
        first, total = shares(i, range(points))
        first_low, first_high = _bootstrap(points, lambda picked, i=i: shares(i, picked)[0], seed)  # type: ignore[misc]
        total_low, total_high = _bootstrap(points, lambda picked, i=i: shares(i, picked)[1], seed)  # type: ignore[misc]
        rows.append([total, total_low, total_high, first, first_low, first_high])
    return ["total", "total_low", "total_high", "first", "first_low", "first_high"], rows


def _bootstrap(n: int, statistic: Callable[[Sequence[int]], float], seed: int) -> tuple[float, float]:
    dice = random.Random(seed)
    values = sorted(statistic([dice.randrange(n) for _ in range(n)]) for _ in range(RESAMPLES))
    return values[round(0.025 * (RESAMPLES - 1))], values[round(0.975 * (RESAMPLES - 1))]


def _rows(space: Mapping[str, Choice], columns: list[str], values: list[list[float]]) -> Rows:
    """The strongest first, by the first column."""
    rows = [_row(pointer, columns, numbers) for pointer, numbers in zip(space, values)]
    return Rows(sorted(rows, key=lambda row: -float(row[columns[0]])))


def _row(pointer: str, columns: list[str], numbers: list[float]) -> dict[str, Any]:
    row: dict[str, Any] = {"pointer": pointer}
    row.update(zip(columns, numbers))
    return row


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is {value!r}; it must be a whole number, at least {least}")
