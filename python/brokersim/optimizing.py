"""optimize: the cheapest configuration or hardware that keeps its service levels, and what may be had for what."""
from __future__ import annotations

import html
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from brokersim import _brokersim
from brokersim.asked import metric_list, seed_list
from brokersim.quantities import Bandwidth, Duration, Rate
from brokersim.rows import Rows, Sweep
from brokersim.runner import Overrides, ScenarioLike
from brokersim.spaces import Choice, Range, space_of
from brokersim.sweeps import sweep

#: A metric's name (the upper end of its mean's interval counts), or a function of the setting: {pointer: value} -> cost.
Objective = Union[str, Callable[[Mapping[str, Any]], float]]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Level:
    """A service level: `column` of the trials must not be above (below) `limit`."""

    text: str
    metric: str
    of: str
    share: bool   # of the runs in which the metric is above 0
    below: bool   # the metric must be at least the limit
    limit: float

    def value(self, rows: Sequence[Mapping[str, Any]]) -> Optional[float]:
        """The unfavourable end of the interval over the seeds; None: not measured."""
        column = f"{self.metric} of {self.of}" if self.of else self.metric
        values = [float(row[column]) for row in rows if row.get(column) is not None]
        if not values:
            return None
        if self.share:
            return _brokersim.clopper_pearson(sum(value > 0 for value in values), len(values), CONFIDENCE)[1]
        if len(values) < 2:
            return None  # one run says nothing of its spread
        low, high = _brokersim.student_interval(values, CONFIDENCE)
        return low if self.below else high

    def missed_by(self, value: Optional[float]) -> float:
        """Above 0: the level is missed. In units of the limit, so that levels weigh alike."""
        if value is None:
            return 1.0
        by = (self.limit - value) if self.below else (value - self.limit)
        return by / abs(self.limit) if self.limit else by


class Optimum(Rows):
    """What `optimize` returns: one row per setting that was tried, in that order, with its cost or costs, each level's value (the
    unfavourable end of its 95 % interval) and `feasible`. Rows with extras: `best`, `front`."""

    def __init__(self, rows: Iterable[dict[str, Any]] = (), objectives: Sequence[str] = (), levels: Sequence[str] = (),
                 runs: int = 0):
        super().__init__(rows)
        self.objectives = list(objectives)  #: Their columns.
        self.levels = list(levels)          #: Their columns.
        self.runs = runs                    #: Simulations behind the rows.

    @property
    def best(self) -> Optional[dict[str, Any]]:
        """The feasible row of the least cost (the first objective); None: no setting that was tried keeps all levels."""
        rows = [row for row in self if row["feasible"]]
        return sorted(rows, key=lambda row: [row[name] for name in self.objectives])[0] if rows else None

    @property
    def front(self) -> Rows:
        """The feasible rows that no other one beats in one objective without losing in another: the Pareto front."""
        rows = [row for row in self if row["feasible"]]

        def beats(a: dict[str, Any], b: dict[str, Any]) -> bool:
            pairs = [(a[name], b[name]) for name in self.objectives]
            return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

        kept = [row for row in rows if not any(beats(other, row) for other in rows)]
        return Rows(sorted(kept, key=lambda row: [row[name] for name in self.objectives]))

    def _repr_html_(self) -> str:
        best = self.best
        said = "no setting that was tried keeps all levels"
        if best is not None:
            row = dict(best)
            said = "best: " + ", ".join(f"{pointer} = {row[pointer]}" for pointer in self.pointers) + "; " + ", ".join(
                f"{name} = {row[name]:.6g}" for name in self.objectives)
        return f"<p><b>{html.escape(said)}</b> ({len(self)} settings, {self.runs} runs)</p>{super()._repr_html_()}"


def optimize(scenario: ScenarioLike, change: Mapping[str, Choice], minimize: Union[Objective, Sequence[Objective]],
             levels: Optional[Mapping[str, Union[str, float]]] = None, *, seeds: Iterable[int] = range(1, 21),
             trials: int = 60, overrides: Optional[Overrides] = None, jobs: int = 2, store: Any = None, seed: int = 1,
             executor: Optional[Any] = None, progress: Optional[Callable[[int, int], None]] = None) -> Optimum:
    """Searches the setting of least cost that keeps all service levels.

        best = brokersim.optimize(
            "orders.json",
            change={"/hosts/0/hardware": ["i3en.large", "i3en.xlarge"], "/workloads/0/config/linger.ms": brokersim.Range(0, 50)},
            minimize=lambda setting: PRICES[setting["/hosts/0/hardware"]],
            levels={"latency.produce.p99_ms": "20 ms", "any records.lost_acknowledged": 0.10}).best

    change: JSON pointer to a list of values, or a brokersim.Range.
    minimize: a cost (a function of the setting, {pointer: value}), or a metric's name, of which the upper end of the
        mean's 95 % interval counts; or a list of these: see Optimum.front.
    levels: metric to the most that it may be: "latency.produce.p99_ms": "20 ms"; at least, with ">=":
        "throughput.records_per_second": ">= 15000"; "any METRIC": the largest share of runs in which it is above 0. What must
        keep the level is the unfavourable end of the 95 % interval over the seeds, so that luck does not count: with 20
        seeds "any records.lost_acknowledged" cannot be below 0.169 (0 of 20), with 60 not below 0.060.
    seeds: of every setting the same (common random numbers).
    trials: settings tried at most. If there are no more than that, all are tried; else Optuna chooses (pip install optuna):
        TPE with constraints for one objective, NSGA-II for several, with `seed`.
    store, jobs, executor: as of sweep(); with a store an interrupted search goes on.
    progress: called as progress(settings done, at most) after each.

    Raises ScenarioError, TypeError and ValueError as sweep() does; ImportError if Optuna is needed and not there."""
    space = space_of(change)
    objectives = _objectives(minimize)
    wanted_levels = [level_of(text, limit) for text, limit in (levels or {}).items()]
    seed_numbers = seed_list(seeds)
    if not seed_numbers:
        raise ValueError("seeds is empty; a setting needs at least one run")
    if len(seed_numbers) < 2 and (any(isinstance(one, str) for _, one in objectives) or any(not one.share for one in wanted_levels)):
        raise ValueError("seeds has one seed; the ends of an interval need at least 2 runs of a setting, better 10")
    if isinstance(trials, bool) or not isinstance(trials, int) or trials < 1:
        raise ValueError(f"trials is {trials!r}; it must be a whole number of settings, at least 1")
    metrics = list(dict.fromkeys([f"{one.metric} of {one.of}" if one.of else one.metric for one in wanted_levels] +
                                 [one for _, one in objectives if isinstance(one, str)] or ["records.sent"]))
    tried: dict[str, dict[str, Any]] = {}
    runs = 0

    def measure(settings: list[dict[str, Any]]) -> None:
        """Rows of these settings, all in one sweep where that is the same."""
        nonlocal runs
        for setting in settings:
            if (key := json.dumps(setting)) in tried:
                continue
            found = sweep(scenario, {pointer: [value] for pointer, value in setting.items()}, seed_numbers, overrides=overrides,
                          metrics=metrics, jobs=jobs, store=store, executor=executor)
            runs += len(found)
            tried[key] = _row(setting, found, objectives, wanted_levels)
            if progress is not None:
                progress(len(tried), trials)

    sizes = [len(choice) if not isinstance(choice, Range) else None for choice in space.values()]
    everything = _product(sizes)
    if everything is not None and everything <= trials:
        measure([dict(zip(space, values)) for values in itertools.product(*space.values())])  # type: ignore[arg-type]
    else:
        _search(space, len(objectives), wanted_levels, objectives, trials, seed, measure, tried)
    return Optimum(tried.values(), [name for name, _ in objectives], [one.text for one in wanted_levels], runs)


def _row(setting: dict[str, Any], found: Sweep, objectives: list[tuple[str, Objective]], levels: list[Level]) -> dict[str, Any]:
    row = dict(setting)
    for name, objective in objectives:
        if isinstance(objective, str):
            values = [float(one[objective]) for one in found if one[objective] is not None]
            row[name] = _brokersim.student_interval(values, CONFIDENCE)[1] if len(values) > 1 else math.inf
        else:
            cost = objective(dict(setting))
            if isinstance(cost, bool) or not isinstance(cost, (int, float)) and not hasattr(cost, "__float__"):
                raise TypeError(f"the cost of {setting} is {cost!r}; it must be a number")
            if not math.isfinite(float(cost)):
                raise ValueError(f"the cost of {setting} is {cost!r}; it must be a finite number (a level keeps a setting out)")
            row[name] = float(cost)
    missed = []
    for level in levels:
        row[level.text] = level.value(found)
        missed.append(level.missed_by(row[level.text]))
    row["missed_by"] = max(missed, default=0.0)
    measured = all(math.isfinite(row[name]) for name, _ in objectives)
    row["feasible"] = measured and all(by <= 0 for by in missed) and not any(one["bug"] for one in found)
    row["runs"] = len(found)
    return row


def _search(space: dict[str, Choice], objectives_n: int, levels: list[Level], objectives: list[tuple[str, Objective]],
            trials: int, seed: int, measure: Callable[[list[dict[str, Any]]], None], tried: dict[str, dict[str, Any]]) -> None:
    try:
        import optuna
    except ImportError:
        raise ImportError("there are more settings than `trials`, so that somebody has to choose: pip install optuna, or "
                          "give lists of values and a larger trials") from None
    import warnings

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def constraints(trial: Any) -> Sequence[float]:
        return list(trial.user_attrs["missed"])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constraints_func is called experimental
        sampler: Any = (optuna.samplers.TPESampler(seed=seed, constraints_func=constraints) if objectives_n == 1 else
                        optuna.samplers.NSGAIISampler(seed=seed, constraints_func=constraints, population_size=max(8, min(50, trials // 4))))
    study = optuna.create_study(directions=["minimize"] * objectives_n, sampler=sampler)
    for _ in range(4 * trials):  # settings that come again cost nothing and count once
        if len(tried) >= trials:
            break
        trial = study.ask()
        setting = {pointer: _suggest(trial, pointer, choice) for pointer, choice in space.items()}
        measure([setting])
        row = tried[json.dumps(setting)]
        trial.set_user_attr("missed", [level.missed_by(row[level.text]) for level in levels] or [0.0])
        study.tell(trial, [row[name] for name, _ in objectives])


def _suggest(trial: Any, pointer: str, choice: Choice) -> Any:
    if not isinstance(choice, Range):
        return choice[trial.suggest_categorical(pointer, range(len(choice)))]
    if choice.whole:
        return choice.shown(trial.suggest_int(pointer, round(choice.low), round(choice.high), log=choice.log))
    return choice.shown(trial.suggest_float(pointer, choice.low, choice.high, log=choice.log))


def _product(sizes: Sequence[Optional[int]]) -> Optional[int]:
    product = 1
    for size in sizes:
        if size is None:
            return None
        product *= size
    return product


def _objectives(minimize: Any) -> list[tuple[str, Objective]]:
    """(column, objective) each."""
    given = [minimize] if isinstance(minimize, str) or callable(minimize) else minimize
    if not isinstance(given, Sequence) or not given:
        raise TypeError(f"minimize is {minimize!r}; it must be a metric's name, a function of the setting, or a list of these")
    objectives: list[tuple[str, Objective]] = []
    for one in given:
        if isinstance(one, str):
            metric_list([one])  # ValueError with a suggestion
            objectives.append((one, one))
        elif callable(one):
            name = getattr(one, "__name__", "cost")
            objectives.append(("cost" if name == "<lambda>" else name, one))
        else:
            raise TypeError(f"minimize has {one!r}; it must be a metric's name or a function of the setting")
    columns = [column for column, _ in objectives]
    return [(column if columns.count(column) == 1 else f"{column} {i + 1}", one) for i, (column, one) in enumerate(objectives)]


def level_of(text: str, limit: Union[str, float]) -> Level:
    """A service level from its name and limit; ValueError and TypeError with the way out."""
    share = isinstance(text, str) and text.startswith("any ")
    (_, metric, of), = metric_list([text[4:] if share else text])
    below = False
    if isinstance(limit, str):
        found = re.fullmatch(r"\s*(<=|>=)?\s*(.+?)\s*", limit)
        below = found is not None and found[1] == ">="
        number = _number(metric, limit if found is None else found[2], text)
    elif isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise TypeError(f'the level of "{text}" is {limit!r}; it must be a number, or text such as "20 ms" or ">= 15000"')
    else:
        number = float(limit)
    if not math.isfinite(number):
        raise ValueError(f'the level of "{text}" is {limit!r}; it must be a finite number')
    if isinstance(limit, str) and limit.rstrip().endswith("%") and not share:
        raise ValueError(f'the level of "{text}" is {limit!r}; a share is for "any {text}", this is in the metric\'s own unit, such as "20 ms"')
    if share and not 0 < number <= 1:
        raise ValueError(f'the level of "{text}" is {limit!r}; it must be a share of the runs above 0, at most 1')
    if share and below:
        raise ValueError(f'"{text}" can only have a largest share')
    return Level(text, metric, of, share, below, number)


def _number(metric: str, limit: str, text: str) -> float:
    """The limit in the metric's own unit."""
    try:
        return float(limit)
    except ValueError:
        pass
    if limit.endswith("%"):
        return float(limit[:-1]) / 100
    kind = (Bandwidth if "bytes_per_second" in metric else Rate if metric.endswith("per_second") else Duration)
    try:
        value = float(kind.parse(limit))
    except ValueError as error:
        raise ValueError(f'the level of "{text}": {error}') from None
    return value * 1e3 if metric.endswith("_ms") else value
