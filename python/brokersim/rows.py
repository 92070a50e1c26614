"""The rows of a sweep: narrowed, summed up with intervals, handed to pandas."""
from __future__ import annotations

import difflib
import html
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from brokersim import _brokersim

HTML_ROWS_MAX = 20


class Rows(list[dict[str, Any]]):
    """The rows of a sweep, each a dict, in the order of the settings and then of the seeds. A list with extras:
    `column`, `where`, `summary`, `share`, `difference`, `to_numpy`, `to_pandas`, `to_parquet`, and a table in notebooks."""

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

    @property
    def pointers(self) -> list[str]:
        """The varied places: the columns that are JSON pointers."""
        return [name for name in self[0] if name.startswith("/")] if self else []

    def summary(self, metric: str, *, confidence: float = 0.95, method: str = "student") -> Rows:
        """One row per setting: its values, then n, mean, low, high, min, max of `metric` over the seeds.

        low and high enclose the mean with `confidence` (0 to 1): by Student's t, which wants values that are roughly
        normal, or method="bootstrap" (BCa, resampled with fixed draws), which does not, but wants at least 8. Runs where
        the metric was not measured do not count. Both are None below two runs: one run says nothing of its spread. Raises KeyError for a column
        that there is not, ValueError for another method."""
        if method not in ("student", "bootstrap"):
            raise ValueError(f'method is {method!r}; it must be "student" or "bootstrap"')
        _checked_confidence(confidence)
        interval = _brokersim.student_interval if method == "student" else _brokersim.bootstrap_mean
        rows = []
        for setting, group in self._groups(metric):
            values = [float(row[metric]) for row in group if row[metric] is not None]
            low, high = interval(values, confidence) if len(values) > 1 else (None, None)
            rows.append({**setting, "n": len(values), "mean": sum(values) / len(values) if values else None, "low": low,
                         "high": high, "min": min(values, default=None), "max": max(values, default=None)})
        return Rows(rows)

    def share(self, metric: str = "records.lost_acknowledged", *, above: float = 0.0, confidence: float = 0.95) -> Rows:
        """One row per setting: its values, then n, hits, share, low, high of the runs in which `metric` is above `above`.

        low and high are the exact interval (Clopper and Pearson): 0 of 100 is a share of up to 3.6 %. Raises KeyError for
        a column that there is not."""
        _checked_confidence(confidence)
        rows = []
        for setting, group in self._groups(metric):
            values = [row[metric] for row in group if row[metric] is not None]
            hits = sum(value > above for value in values)
            low, high = _brokersim.clopper_pearson(hits, len(values), confidence)
            rows.append({**setting, "n": len(values), "hits": hits, "share": hits / len(values) if values else None,
                         "low": low, "high": high})
        return Rows(rows)

    def difference(self, metric: str, pointer: str, a: Any, b: Any, *, confidence: float = 0.95) -> Rows:
        """What `pointer` = b changes against a: one row per setting of the other places, with n, mean, low, high of
        metric(b) - metric(a) over pairs of the same seed.

        Pairs share every draw that they have in common, so that the interval (Student's) is narrower than that of two
        means side by side. Raises KeyError for a column that there is not, ValueError if a value was not tried."""
        _checked_confidence(confidence)
        tried = self.column(pointer)
        for value in (a, b):
            if value not in tried:
                raise ValueError(f"{pointer} was not tried with {value!r}")
        others = [name for name in self.pointers if name != pointer]
        paired: dict[str, tuple[dict[str, Any], dict[Any, dict[str, Any]]]] = {}
        for row in self:
            if row[pointer] == a or row[pointer] == b:
                setting = {name: row[name] for name in others}
                seeds = paired.setdefault(repr(setting), (setting, {}))[1]
                seeds.setdefault(row["seed"], {})["a" if row[pointer] == a else "b"] = row[metric]
        rows = []
        for setting, seeds in paired.values():
            values = [float(pair["b"] - pair["a"]) for pair in seeds.values()
                      if pair.get("a") is not None and pair.get("b") is not None]
            low, high = _brokersim.student_interval(values, confidence) if len(values) > 1 else (None, None)
            rows.append({**setting, "n": len(values), "mean": sum(values) / len(values) if values else None, "low": low,
                         "high": high})
        return Rows(rows)

    def to_numpy(self, *names: str) -> Any:
        """A numpy.ndarray of floats with a row for each run and a column for each name (one name: a vector); by default all columns
        of numbers but seed and exit_code. NaN: not measured. Raises KeyError for a column that there is not, ValueError for one that
        has text, ImportError where NumPy is not installed."""
        import numpy

        chosen = list(names) or [name for name in (self[0] if self else ()) if name not in ("seed", "exit_code") and
                                 all(value is None or isinstance(value, (int, float)) and not isinstance(value, bool) for value in self.column(name))]
        made = numpy.empty((len(self), len(chosen)))
        for i, name in enumerate(chosen):
            made[:, i] = [numpy.nan if value is None else value for value in self.column(name)]
        return made[:, 0] if len(names) == 1 else made

    def to_pandas(self) -> Any:
        """A pandas.DataFrame. Raises ImportError where pandas is not installed."""
        import pandas  # not a dependency: everything else works without it

        return pandas.DataFrame(list(self))

    def to_parquet(self, path: Any) -> None:
        """Writes to_pandas() as a Parquet file; varied values of several types become text. Raises ImportError without
        pandas and pyarrow."""
        frame = self.to_pandas()
        for name in self.pointers:
            if len({type(value) for value in frame[name]}) > 1:
                frame[name] = frame[name].map(str)
        frame.to_parquet(path)

    def _groups(self, metric: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """The rows of each setting, in order."""
        self.column(metric)
        pointers = self.pointers
        groups: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        for row in self:
            setting = {name: row[name] for name in pointers}
            groups.setdefault(repr(setting), (setting, []))[1].append(row)
        return list(groups.values())

    def _repr_html_(self) -> str:
        if not self:
            return "<p>no rows</p>"
        shown = "".join(f"<tr>{_cells('td', row.values())}</tr>" for row in self[:HTML_ROWS_MAX])
        more = f"<p>{len(self) - HTML_ROWS_MAX} more rows</p>" if len(self) > HTML_ROWS_MAX else ""
        return f"<table><tr>{_cells('th', self[0])}</tr>{shown}</table>{more}"


@dataclass(frozen=True)
class About:
    """Where the rows of a sweep come from. Not public."""

    title: str
    name: str                            # the scenario's path, or what stands for it
    calls: Sequence[Optional[str]]       # by setting: how to repeat a run of seed 0 in Python; None: the command line can
    changes: Sequence[Sequence[str]]     # by setting: the command line's --set
    source: str = ""                     # text of a scenario that is in no file


class Sweep(Rows):
    """What `sweep` returns: its rows, and `known`, how many of them came from the store instead of being run."""

    def __init__(self, rows: Iterable[dict[str, Any]] = (), known: int = 0, shown: Optional[Sequence[str]] = None,
                 about: Optional[About] = None):
        super().__init__(rows)
        self.known = known  #: Rows that were in the store.
        self._shown = list(shown or ())
        self._about = about or About("sweep", "<rows>", [], [])

    def report(self, path: Union[str, os.PathLike[str]], *, title: Optional[str] = None) -> str:
        """Writes the HTML report of the sweep to `path`, one file that needs no other, and returns the path: every setting
        with its intervals, one metric side by side, two against each other with the front, and the runs that were not as
        expected with the lines that repeat them. title: instead of the scenario's. Raises ValueError if there are no
        rows, OSError if the file cannot be written."""
        if not self:
            raise ValueError("the sweep has no rows to report")
        names, replays = self.pointers, []
        settings: dict[str, int] = {}
        for row in self:
            number = settings.setdefault(repr([row[name] for name in names]), len(settings))
            replays.append(self._replay(number, row["seed"]))
        html_text = _brokersim.sweep_page(title or self._about.title or "Sweep", self._about.name, self._about.source, names,
                                          [json.dumps(row, default=str) for row in self], replays, self._shown)
        Path(path).write_text(html_text, encoding="utf-8")
        return os.fsdecode(path)

    def _replay(self, setting: int, seed: int) -> str:
        if setting >= len(self._about.calls):
            return f"seed {seed}"
        call = self._about.calls[setting]
        if call is not None:
            return call.replace("seed=0", f"seed={seed}", 1)
        return _brokersim.replay_line(self._about.name, seed, list(self._about.changes[setting]))

    def _repr_html_(self) -> str:
        """With several seeds: the settings with their intervals first, the rows folded away."""
        if not self or len(self) == len(self._groups("seed")):
            return super()._repr_html_()
        tables = []
        for metric in self._shown:
            if metric in self[0]:
                summary = self.summary(metric)
                cells = "".join(f"<tr class='s'>{_cells('td', [*(row[p] for p in self.pointers), row['n'], row['mean'], row['low'], row['high']])}</tr>"
                                for row in summary)
                head = _cells("th", [*self.pointers, "runs", "mean", "low", "high"])
                tables.append(f"<table><caption>{html.escape(metric)}, 95 % interval of the mean</caption><tr class='s'>{head}</tr>{cells}</table>")
        rows = super()._repr_html_()
        return "".join(tables) + f"<details><summary>{len(self)} runs</summary>{rows}</details>"


def _cells(kind: str, values: Iterable[Any]) -> str:
    return "".join(f"<{kind}>{html.escape(f'{v:.6g}' if isinstance(v, float) else str(v))}</{kind}>" for v in values)


def _checked_confidence(confidence: Any) -> None:
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence!r}; it must be between 0 and 1, such as 0.95")
