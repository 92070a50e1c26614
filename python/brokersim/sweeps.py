"""sweep: one scenario, many settings and seeds, on threads, processes or a cluster."""
from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Optional, Union

from brokersim import _brokersim
from brokersim import checkers as checkers_module
from brokersim import workloads as workloads_module
from brokersim.asked import (Rule, column_of, executor_of, metric_list, open_store, progress_of, rules_of, seed_list,
                             settings_of)
from brokersim.checkers import CheckerLike
from brokersim.errors import Diagnostic, ScenarioError
from brokersim.progress import Bar
from brokersim.rows import About, Rows, Sweep
from brokersim.runner import (Overrides, ScenarioLike, execute, load, named_text, override_list, replay_of, result_of,
                              with_workloads)
from brokersim.scenario import Scenario
from brokersim.workloads import WorkloadFunction

__all__ = ["sweep", "Rows", "Sweep"]

#: (metric, of): "latency.produce.p99_ms" of "checkout"; of "" for the whole run.
_Metric = tuple[str, str]
#: Name, text and overrides of a scenario.
_Place = tuple[str, str, list[str]]
RUNS_MIN = 10  # of a setting before its precision counts


def sweep(scenario: ScenarioLike, vary: Optional[Mapping[str, Sequence[Any]]] = None, seeds: Iterable[int] = range(1, 11), *,
          overrides: Optional[Overrides] = None, metrics: Optional[Sequence[str]] = None, jobs: int = 2,
          executor: Optional[Any] = None, precision: Optional[Mapping[str, Union[str, float]]] = None,
          store: Union[str, "os.PathLike[str]", None] = None,
          progress: Union[bool, Callable[[int, int], None], None] = None,
          checkers: Optional[Sequence[CheckerLike]] = None,
          workloads: Optional[Mapping[str, WorkloadFunction]] = None) -> Sweep:
    """Runs `scenario` for every combination of the values in `vary` with every seed, and returns one row per run.

    vary: JSON pointer to the values to try there: {"/workloads/0/config/acks": [0, 1, "all"]}. None: only seeds.
    seeds: the seeds of every combination. The same seed draws the same numbers in all of them, so that rows of one
        seed may be compared as pairs (Rows.difference).
    overrides: as of run(), the same for all runs; where `vary` has the same pointer, `vary` wins.
    metrics: names as `metrics()` lists them, or "NAME of WORKLOAD" or "NAME of TOPIC/PARTITION". None: all, of the
        whole run.
    jobs: threads, at least 1. With an executor and a precision: runs in flight.
    executor: any concurrent.futures.Executor instead of threads of this process, a Dask client, or
        brokersim.ray_executor(). Workers get the scenario's text and a seed; .properties files that the scenario names
        must be at the same path there. It is not shut down.
    precision: metric to the width at which a setting has enough seeds: {"latency.produce.p99_ms": "5%"} (half of the 95 %
        interval, of the mean), {"unavailable.longest": 0.5} (in the metric's unit), {"any records.lost_acknowledged":
        0.02} (of the share of runs above 0). At least 10 runs; values that are all equal never count as precise. The
        rows are those of the smallest number of seeds, in their order, that is enough: they do not depend on `jobs`.
    store: a file that keeps every run as it ends. The same call goes on from there after any interruption, kill -9
        included, with the identical rows; other settings, seeds and metrics may share the file. What it keeps counts
        only for the same content of the scenario and the same model. One sweep at a time has it.
    progress: True for a bar, or called as progress(done, total) from the calling thread after each run.

    checkers, workloads: as of run(). Every run has its own; a checker's column "check NAME" is how often its law was
        broken. Functions go to the workers of an executor if it can pickle them. Not together with a store.

    A row has one column per pointer of `vary`, then seed, fingerprint, verdict, exit_code, bug, wall_seconds (s) and
    the metrics under their names (None: not measured). Rows do not depend on `jobs` or the executor, wall_seconds aside.

    All combinations are checked before the first run: ScenarioError tells what is wrong with any of them. A run that
    ends in a bug of brokersim does not stop the others: its row has verdict "bug", exit_code 70, the message in `bug`
    and None for the metrics. TypeError and ValueError for arguments of the wrong kind, or a store that cannot be used.
    """
    settings = settings_of(vary)
    seed_numbers = seed_list(seeds)
    wanted = metric_list(metrics)
    rules = rules_of(precision)
    override_list(overrides)  # refuses what is no dict before it is merged with a setting
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise ValueError(f"jobs is {jobs!r}; it must be a whole number of threads, at least 1")
    judges, functions = checkers_module.checked(checkers), workloads_module.checked(workloads)
    if store is not None and (judges or functions):
        raise ValueError("a store knows nothing of checkers and workload functions, which may change: leave one of them out")
    pool, own = executor_of(executor, jobs)
    try:
        variants = _load_all(scenario, settings, overrides)
        asked = list(dict.fromkeys([(metric, of) for _, metric, of in wanted if of]
                                   + [(rule.metric, rule.of) for rule in rules if rule.of]))
        how = _How(tuple(asked), tuple(judges), tuple(functions.items()))
        work = _Work(variants, seed_numbers, how, rules, None if store is None else open_store(store))
        work.run(pool, jobs, remote=not own, progress=progress_of(progress))
    finally:
        if own:
            pool.shutdown(wait=True, cancel_futures=True)  # after an error or a keyboard interrupt: start no further run
    wanted = [*wanted, *((f"check {name}", f"check {name}", "") for name in map(_judge_name, judges))]
    rows = [{**setting, **_row(record, wanted)} for setting, variant in zip(settings, work.variants)
            for record in variant.records[:variant.wanted]]
    name, text = named_text(scenario)
    calls = [replay_of(scenario, {**(overrides or {}), **setting}, 0, judges, functions) for setting in settings]
    about = About(work.variants[0].loaded.title if work.variants else "", name, calls, [variant.changes for variant in work.variants],
                  source=text if text and any(calls) else "")
    return Sweep(rows, work.known, metrics or ["latency.produce.p99_ms", "unavailable.longest", "records.lost_acknowledged"], about)


@dataclass(frozen=True)
class _How:
    """What every run of a sweep is asked for; goes to workers."""

    asked: tuple[_Metric, ...]
    judges: tuple[Any, ...] = ()
    functions: tuple[tuple[str, Any], ...] = ()


class _Variant:
    """One setting: how to run it, and its records by position of the seed."""

    def __init__(self, loaded: _brokersim.Loaded, name: str, text: str, changes: list[str], seeds: int):
        self.loaded, self.name, self.text, self.changes = loaded, name, text, changes
        self.content = _brokersim.content_id(text, name, changes)
        self.records: list[Optional[dict[str, Any]]] = [None] * seeds
        self.wanted = seeds
        self.in_order = 0
        self.enough = False


class _Work:
    """What there is to run, and what has come back."""

    def __init__(self, variants: list[_Variant], seeds: list[int], how: _How, rules: list[Rule],
                 store: Optional[_brokersim.SweepStore]):
        self.variants, self.seeds, self.how, self.rules, self.store = variants, seeds, how, rules, store
        for variant in variants:
            variant.records = [None] * len(seeds)
            variant.wanted = len(seeds)
        self.known = 0

    def run(self, pool: Executor, jobs: int, remote: bool, progress: Optional[Callable[[int, int], None]]) -> None:
        tasks = self._tasks()
        waiting: dict[Future[str], tuple[_Variant, int, str]] = {}
        most = jobs if self.rules else None  # with a precision: do not ask for what may not be wanted
        done = 0
        try:
            while True:
                while most is None or len(waiting) < most:
                    task = next(tasks, None)
                    if task is None:
                        break
                    variant, position, key = task
                    place = variant.name, variant.text, variant.changes
                    future = (pool.submit(_remote, *place, self.seeds[position], key, self.how)
                              if remote else pool.submit(_task, variant.loaded, place, self.seeds[position], key, self.how))
                    waiting[future] = task
                if not waiting:
                    break
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    variant, position, key = waiting.pop(future)
                    line = future.result()  # raises what the run raised
                    record = json.loads(line)
                    if self.store is not None and key and not record["bug"] and not self.store.add(key, line):
                        raise OSError("the store of the sweep could not be written (is the disk full?)")
                    self._take(variant, position, record)
                    done += 1
                if progress is not None:
                    progress(self.known + done, self.total())
        finally:
            for future in waiting:
                future.cancel()
            if progress is not None and isinstance(progress, Bar):
                progress.close()

    def total(self) -> int:
        """Rows there will be, at most."""
        return sum(variant.wanted for variant in self.variants)

    def _tasks(self) -> Iterator[tuple[_Variant, int, str]]:
        """What is not known yet, setting by setting; a setting that has enough meanwhile is left."""
        for variant in self.variants:
            for position, seed in enumerate(self.seeds):
                if position >= variant.wanted:
                    break
                key = _brokersim.run_id(variant.content, seed) if variant.content else ""
                line = self.store.find(key) if self.store is not None and key else None
                record = None if line is None else json.loads(line)
                if record is not None and all(column_of(*metric) in record["metrics"] for metric in self.how.asked):
                    self.known += 1
                    self._take(variant, position, record)
                else:
                    yield variant, position, key

    def _take(self, variant: _Variant, position: int, record: dict[str, Any]) -> None:
        variant.records[position] = record
        while not variant.enough and variant.in_order < len(self.seeds) and variant.records[variant.in_order] is not None:
            variant.in_order += 1
            if self.rules and variant.in_order >= RUNS_MIN and all(self._precise(variant, rule) for rule in self.rules):
                variant.enough = True
                variant.wanted = variant.in_order

    def _precise(self, variant: _Variant, rule: Rule) -> bool:
        values = [record["metrics"][rule.column] for record in variant.records[:variant.in_order] if record is not None]
        return _brokersim.precise([value for value in values if value is not None], rule.share, rule.half_width,
                                  rule.relative, 0.95, RUNS_MIN)


def _task(loaded: _brokersim.Loaded, place: _Place, seed: int, key: str, how: _How) -> str:
    """One run: its record as a line of the store."""
    if how.functions:
        name, text, changes = place
        loaded = load(with_workloads(Scenario(text, file=name), _as_overrides(changes), dict(how.functions)), None)
    if how.judges:
        return _judged(loaded, seed, key, how)
    outcome = execute(loaded, seed)
    return _record(outcome, key, how.asked)


def _judged(loaded: _brokersim.Loaded, seed: int, key: str, how: _How) -> str:
    """A run with checkers: its record, with a metric for each."""
    panel = checkers_module.Panel(how.judges)
    outcome = execute(loaded, seed, _panel=panel if panel.kinds else None)
    record = json.loads(_record(outcome, key, how.asked))
    if not outcome.bug:
        result = result_of(outcome, outcome.replay)
        result._add_checks(panel.verdicts(result))
        record["metrics"].update({f"check {check.id}": check.breaches for check in result.checks[-len(how.judges):]})
        record.update(verdict=result.verdict, exit_code=result.exit_code)
    return json.dumps(record)


def _record(outcome: _brokersim.Run, key: str, asked: Sequence[_Metric]) -> str:
    if not outcome.bug:
        for metric, of in asked:
            if outcome.metric(metric, of) is None and of not in outcome.measured_names:
                raise ValueError(f'"{column_of(metric, of)}": the scenario has no workload or partition "{of}"; it has '
                                 f'{", ".join(outcome.measured_names)}')
    return outcome.record(key, list(asked))


def _remote(name: str, text: str, changes: list[str], seed: int, key: str, how: _How) -> str:
    """The same in another process: from the scenario's text, which it loads once."""
    return _task(_loaded_there(name, text, tuple(changes)), (name, text, changes), seed, key, how)


def _as_overrides(changes: list[str]) -> dict[str, Any]:
    """Back from override_list(). A pointer holds no "="."""
    return {pointer: json.loads(value) for pointer, _, value in (change.partition("=") for change in changes)}


def _judge_name(judge: Any) -> str:
    return str(getattr(judge, "__name__", type(judge).__name__))


@lru_cache(maxsize=32)
def _loaded_there(name: str, text: str, changes: tuple[str, ...]) -> _brokersim.Loaded:
    loaded = _brokersim.load_text(text, name, list(changes))
    if not loaded.runnable:  # sound here, so something is missing there
        raise ScenarioError(loaded.rendered, [Diagnostic(**values) for values in loaded.diagnostics])  # type: ignore[arg-type]
    return loaded


def _row(record: Optional[dict[str, Any]], wanted: list[tuple[str, str, str]]) -> dict[str, Any]:
    assert record is not None
    row = {name: record[name] for name in ("seed", "fingerprint", "verdict", "exit_code")}
    return {**row, "bug": record["bug"] or None, "wall_seconds": record["wall_seconds"],
            **{column: record["metrics"].get(column_of(metric, of)) for column, metric, of in wanted}}


def _load_all(scenario: ScenarioLike, settings: list[dict[str, Any]], overrides: Optional[Overrides]) -> list[_Variant]:
    """One variant per setting, or one ScenarioError for all that are wrong."""
    name, text = named_text(scenario)
    if text is None:
        try:
            with open(name, encoding="utf-8", newline="") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError):
            load(scenario, None)  # says why
            raise
    variants, rendered, diagnostics = [], [], list[Diagnostic]()
    for setting in settings:
        changes = override_list({**(overrides or {}), **setting})
        loaded = _brokersim.load_text(text, name, changes)
        if loaded.runnable:
            variants.append(_Variant(loaded, name, text, changes, 0))
        elif loaded.rendered not in rendered:
            rendered.append(loaded.rendered)
            diagnostics += [Diagnostic(**values) for values in loaded.diagnostics]  # type: ignore[arg-type]
    if rendered:
        raise ScenarioError("\n".join(rendered), diagnostics)
    return variants
