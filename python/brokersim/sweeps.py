"""sweep: one scenario, many settings and seeds, on several threads."""
from __future__ import annotations

import difflib
import html
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any, Optional

from brokersim import _brokersim
from brokersim.errors import Diagnostic, ScenarioError
from brokersim.runner import Overrides, Scenario, checked_pointer, checked_seed, execute, load, override_list
from brokersim.runner import metrics as all_metrics

HTML_ROWS_MAX = 20


class Rows(list[dict[str, Any]]):
    """The rows of a sweep, each a dict, in the order of the settings and then of the seeds. A list with four extras:
    `column`, `where`, `to_pandas`, and a table in notebooks."""

    def column(self, name: str) -> list[Any]:
        """The values of one column, in the order of the rows. Raises KeyError for a name that no row has."""
        if self and name not in self[0]:
            near = difflib.get_close_matches(name, self[0], n=1)
            raise KeyError(f"no column {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return [row[name] for row in self]

    def where(self, conditions: Mapping[str, Any]) -> Rows:
        """The rows whose columns have these values: rows.where({"/workloads/0/config/acks": 1})."""
        for name in conditions:
            self.column(name)
        return Rows(row for row in self if all(row[name] == value for name, value in conditions.items()))

    def to_pandas(self) -> Any:
        """A pandas.DataFrame. Raises ImportError where pandas is not installed."""
        import pandas  # type: ignore[import-untyped,unused-ignore]  # not a dependency: everything else works without it

        return pandas.DataFrame(list(self))

    def _repr_html_(self) -> str:
        if not self:
            return "<p>no rows</p>"

        def cells(kind: str, values: Iterable[Any]) -> str:
            return "".join(f"<{kind}>{html.escape(f'{v:.6g}' if isinstance(v, float) else str(v))}</{kind}>" for v in values)

        shown = "".join(f"<tr>{cells('td', row.values())}</tr>" for row in self[:HTML_ROWS_MAX])
        more = f"<p>{len(self) - HTML_ROWS_MAX} more rows</p>" if len(self) > HTML_ROWS_MAX else ""
        return f"<table><tr>{cells('th', self[0])}</tr>{shown}</table>{more}"


def sweep(scenario: Scenario, vary: Optional[Mapping[str, Sequence[Any]]] = None, seeds: Iterable[int] = range(1, 11), *,
          overrides: Optional[Overrides] = None, metrics: Optional[Sequence[str]] = None, jobs: int = 2,
          progress: Optional[Callable[[int, int], None]] = None) -> Rows:
    """Runs `scenario` for every combination of the values in `vary` with every seed, and returns one row per run.

    vary: JSON pointer to the values to try there: {"/workloads/0/config/acks": [0, 1, "all"]}. None: only seeds.
    seeds: the seeds of every combination. The same seed draws the same numbers in all of them, so that rows of one
        seed may be compared as pairs.
    overrides: as of run(), the same for all runs; where `vary` has the same pointer, `vary` wins.
    metrics: names as `metrics()` lists them, or "NAME of WORKLOAD" or "NAME of TOPIC/PARTITION". None: all, of the
        whole run.
    jobs: threads, at least 1.
    progress: called as progress(done, total) from the calling thread after each run.

    A row has one column per pointer of `vary`, then seed, fingerprint, verdict, exit_code, bug, wall_seconds (s) and
    the metrics under their names (None: not measured). Rows do not depend on `jobs`, wall_seconds aside.

    All combinations are checked before the first run: ScenarioError tells what is wrong with any of them. A run that
    ends in a bug of brokersim does not stop the others: its row has verdict "bug", exit_code 70, the message in `bug`
    and None for the metrics. TypeError and ValueError for arguments of the wrong kind.
    """
    settings = _settings(vary)
    seed_list = _seed_list(seeds)
    wanted = _metric_list(metrics)
    override_list(overrides)  # refuses what is no dict before it is merged with a setting
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise ValueError(f"jobs is {jobs!r}; it must be a whole number of threads, at least 1")
    variants = _load_all(scenario, settings, overrides)
    tasks = [(setting, loaded, seed) for setting, loaded in zip(settings, variants) for seed in seed_list]
    if not tasks:
        return Rows()

    pool = ThreadPoolExecutor(max_workers=min(jobs, len(tasks)), thread_name_prefix="brokersim")
    try:
        futures = [pool.submit(_row, setting, loaded, seed, wanted) for setting, loaded, seed in tasks]
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()  # raises what the run raised
            if progress is not None:
                progress(len(futures) - len(waiting), len(futures))
        return Rows(future.result() for future in futures)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)  # after an error or a keyboard interrupt: start no further run


def _row(setting: dict[str, Any], loaded: _brokersim.Loaded, seed: int, metrics: list[tuple[str, str, str]]) -> dict[str, Any]:
    outcome = execute(loaded, seed)
    row = {**setting, "seed": seed, "fingerprint": outcome.fingerprint, "verdict": outcome.verdict,
           "exit_code": outcome.exit_code, "bug": outcome.bug or None, "wall_seconds": outcome.wall_seconds}
    known = None
    for column, name, of in metrics:
        row[column] = None if outcome.bug else outcome.metric(name, of)
        if of and not outcome.bug and row[column] is None:
            known = known or outcome.measured_names
            if of not in known:
                raise ValueError(f'"{column}": the scenario has no workload or partition "{of}"; it has {", ".join(known)}')
    return row


def _settings(vary: Optional[Mapping[str, Sequence[Any]]]) -> list[dict[str, Any]]:
    if vary is None:
        return [{}]
    if not isinstance(vary, Mapping):
        raise TypeError(f'vary is of type {type(vary).__name__}; it must be a dict of JSON pointer to a list of values, '
                        'such as {"/workloads/0/config/acks": [0, 1, "all"]}')
    for pointer, values in vary.items():
        checked_pointer(pointer)
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise TypeError(f'vary["{pointer}"] is {values!r}; it must be a list of values, even for one: [{values!r}]')
    return [dict(zip(vary, values)) for values in itertools.product(*vary.values())]


def _seed_list(seeds: Iterable[int]) -> list[int]:
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds is {seeds!r}; it must be a list or a range of whole numbers, such as range(1, 21)")
    return [checked_seed(seed) for seed in seeds]


def _metric_list(metrics: Optional[Sequence[str]]) -> list[tuple[str, str, str]]:
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


def _load_all(scenario: Scenario, settings: list[dict[str, Any]], overrides: Optional[Overrides]) -> list[_brokersim.Loaded]:
    """One loaded scenario per setting, or one ScenarioError for all that are wrong."""
    loaded, rendered, diagnostics = [], [], list[Diagnostic]()
    for setting in settings:
        try:
            loaded.append(load(scenario, {**(overrides or {}), **setting}))
        except ScenarioError as error:
            if error.rendered not in rendered:
                rendered.append(error.rendered)
                diagnostics += error.diagnostics
    if rendered:
        raise ScenarioError("\n".join(rendered), diagnostics)
    return loaded
