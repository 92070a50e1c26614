"""The outcome of one run, as typed values: the JSON of `brokersim run --json` with attributes.

Attribute names are the JSON's. `_s` is seconds, `_ms` milliseconds; instants are simulated seconds from the start.
"""
from __future__ import annotations

import copy
import difflib
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional, Union

from brokersim import _brokersim
from brokersim.parts import (AdminAction, Check, Controller, Expectation, FailedClient, Fault, Latency, LatencyDistribution,
                             LatencyPhases, Loss, OffsetReset, Phases, Published, Records, Recovery, RunRecords, Throughput,
                             Unavailable, Workload, _latency, _make, _phases)
from brokersim.quantities import Duration, window_of
from brokersim.timeline import Timeline


class Result:
    """What one run showed. Made by `brokersim.run`; can be pickled.

    `as_dict()` is the whole JSON value; `text()` what the command line prints. Equal fingerprints mean equal runs.
    """

    scenario: str                    #: Path, or "<dict>" or "<text>" for a scenario in memory.
    title: str
    seed: int
    overrides: list[str]             #: "POINTER=VALUE", as the command line's --set takes them.
    fingerprint: str                 #: 16 hexadecimal digits; the same as the command line's.
    fingerprint_parts: dict[str, str]  #: The same by ingredient: time, component, kind, draws; each 16 hexadecimal digits.
    simulated_seconds: float
    wall_seconds: float
    events: int                      #: Executed by the simulator.
    task_events: int                 #: Of them, those that woke a task (a coroutine).
    batches: int                     #: Record batches with a final outcome.
    verdict: str                     #: "holds", "violated" or "inconclusive".
    exit_code: int                   #: 0 all holds, 1 an expectation or law failed, 3 inconclusive.
    failed_laws: list[str]           #: Ids of laws that failed although the scenario did not expect it.
    records: RunRecords
    latency: Latency
    latency_phases: LatencyPhases
    throughput: Throughput
    groups: dict[str, float]         #: What happened to consumer groups (docs/results.md); times in seconds.
    share_groups: Optional[dict[str, int]]  #: What became of records that share groups were given; None without any.
    transactions: Optional[dict[str, Any]]  #: By workload and pipeline; None without any.
    outbox: Optional[dict[str, Any]]  #: Events, effects and databases; None without a database.
    leader_changes: int
    controller: Controller
    unavailable: list[Unavailable]
    recoveries: list[Recovery]
    losses: list[Loss]
    faults: list[Fault]
    admin: list[AdminAction]
    failed_clients: list[FailedClient]
    offset_resets: list[OffsetReset]
    checks: list[Check]
    expectations: list[Expectation]
    published: list[Published]
    probes: dict[str, int]           #: How often each rare state was reached.
    workloads: dict[str, Workload]
    notes: list[str]
    warnings: list[str]
    bug: None                        #: A run that ended in a bug has no result: it raises.
    replay: str                      #: What to paste to repeat the run.

    def __init__(self, data: dict[str, Any], text: str, metrics: Optional[Mapping[str, Optional[float]]] = None):
        """From the JSON value, the text and the metrics of the same run; `brokersim.run` calls this."""
        self._data = data
        self._text = text
        self._metrics = dict(metrics or {})
        self._source: Optional[tuple[str, Optional[str]]] = None  # name and text of the scenario; no text: a file
        self._first_failure_s: Optional[float] = None
        for name, value in data.items():  # what has a type of its own is replaced below
            setattr(self, name, value)
        self.records = _make(RunRecords, data["records"])
        self.latency = _latency(data["latency"])
        phases = data["latency_phases"]
        self.latency_phases = LatencyPhases(phases["fault_from_s"], phases["fault_to_s"], _phases(phases["produce"]),
                                            _phases(phases["end_to_end"]))
        self.throughput = _make(Throughput, data["throughput"])
        self.controller = _make(Controller, data["controller"])
        self.unavailable = [_make(Unavailable, value) for value in data["unavailable"]]
        self.recoveries = [_make(Recovery, value) for value in data["recoveries"]]
        self.losses = [_make(Loss, value) for value in data["losses"]]
        self.faults = [_make(Fault, value) for value in data["faults"]]
        self.admin = [_make(AdminAction, value) for value in data["admin"]]
        self.failed_clients = [_make(FailedClient, value) for value in data["failed_clients"]]
        self.offset_resets = [_make(OffsetReset, {**value, "from_offset": value["from"]})
                              for value in data["offset_resets"]]
        self.checks = [_make(Check, value) for value in data["checks"]]
        self.expectations = [_make(Expectation, value) for value in data["expectations"]]
        self.published = [_make(Published, value) for value in data["published"]]
        self.workloads = {name: Workload(_make(Records, value["records"]), _latency(value["latency"]),
                                         _make(Throughput, value["throughput"]))
                          for name, value in data["workloads"].items()}

    def as_dict(self) -> dict[str, Any]:
        """The whole outcome as plain dicts, lists, numbers and text: one object of `--json`."""
        return copy.deepcopy(self._data)

    def text(self) -> str:
        """The outcome as a person reads it, 100 columns wide, without colours; the last line replays the run."""
        return self._text

    def _add_checks(self, checks: list[Check]) -> None:
        """The verdicts of checkers written in Python, as if they were brokersim's."""
        self.checks.extend(checks)
        self._data["checks"] = [*self._data["checks"], *map(asdict, checks)]
        broken = [check for check in checks if check.verdict == "violated"]
        if not broken:
            return
        self.failed_laws = self._data["failed_laws"] = [*self.failed_laws, *(check.id for check in broken)]
        self.verdict, self.exit_code = "violated", 1
        self._data.update(verdict=self.verdict, exit_code=self.exit_code)
        told = "".join(f"violated: {check.id}: {check.title}\n  {check.detail}\n" for check in broken)
        body, line = self._text.rstrip("\n").rpartition("\n")[::2]
        self._text = f"{body}\n{told}{line}\n"

    def check(self, id: str) -> Check:  # noqa: A002  the JSON's own word
        """The law of that id, such as "S1". Raises KeyError if there is none."""
        for check in self.checks:
            if check.id == id:
                return check
        raise KeyError(f"no check {id!r}; there are {', '.join(check.id for check in self.checks)}")

    def longest_unavailable_s(self, what: Optional[str] = None, of: Optional[str] = None) -> float:
        """Seconds of the longest window, of one kind (`what`) and of one partition (`of`) if given; 0 if none."""
        return max((window.seconds for window in self.unavailable
                    if what in (None, window.what) and of in (None, window.of)), default=0.0)

    def longest_unavailable(self, what: Optional[str] = None, of: Optional[str] = None) -> Duration:
        """The same as a Duration, which compares with text: `<= "15 s"`."""
        return Duration(self.longest_unavailable_s(what, of))

    @property
    def metrics(self) -> dict[str, Optional[float]]:
        """Every metric of the whole run by the name that expectations use (brokersim.metrics() has their meaning and
        units); None where it was not measured. Empty for a branch."""
        return dict(self._metrics)

    def metric(self, name: str) -> Optional[float]:
        """One metric of the whole run. Raises KeyError for a name that there is not."""
        if name not in self._metrics:
            near = difflib.get_close_matches(name, self._metrics, n=1)
            raise KeyError(f"no metric {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return self._metrics[name]

    def frame(self, what: str) -> Any:
        """A pandas.DataFrame of one of the lists: "losses", "faults", "unavailable", "recoveries", "checks",
        "expectations", "admin", "failed_clients", "offset_resets" or "published", one row each, columns as the JSON has
        them. Raises ImportError where pandas is not installed, ValueError for another name."""
        lists = [name for name, value in self._data.items() if isinstance(value, list) and name not in (
            "overrides", "failed_laws", "notes", "warnings")]
        if what not in lists:
            raise ValueError(f"a result has no list {what!r}; it has {', '.join(lists)}")
        import pandas

        return pandas.DataFrame(self._data[what])

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with one row: scenario, seed, fingerprint, verdict and all metrics. Several results:
        pandas.concat, or better a sweep. Raises ImportError where pandas is not installed."""
        import pandas

        head = {name: self._data[name] for name in ("scenario", "seed", "fingerprint", "verdict", "exit_code", "wall_seconds")}
        return pandas.DataFrame([{**head, **self._metrics}])

    def to_parquet(self, path: Any) -> None:
        """Writes to_pandas() as a Parquet file. Raises ImportError without pandas and pyarrow."""
        self.to_pandas().to_parquet(path)

    def report(self, path: Union[str, os.PathLike[str]]) -> str:
        """Writes the HTML report of the run to `path`, one file that needs no other, and returns the path.

        The run is repeated with its timeline recorded: that takes as long as the run did. Raises ValueError for a
        branch, or if the scenario is another one by now (its file has changed), OSError if the file cannot be written."""
        html, _, _ = self._recorded()
        Path(path).write_text(html, encoding="utf-8")
        return os.fsdecode(path)

    def trace(self, path: Union[str, os.PathLike[str]], *, start: Union[str, float, None] = None,
              end: Union[str, float, None] = None, failure: Union[str, float, None] = None,
              slices_max: int = 1_000_000) -> str:
        """Writes a Perfetto trace of the run to `path` and returns the path: open it at https://ui.perfetto.dev, or ask it
        with the package `perfetto` in SQL. docs/traces.md says what is in it.

        start, end: the window of simulated time ("10 s", or a number of seconds); the whole run if not given.
        failure: instead of a window, so long before and after the instant at which the run first went wrong.
        slices_max: more find no room and are left out, the later ones; then this warns.

        The run is repeated with a tracer: it takes somewhat longer than the run did. Raises as report() does, and
        ValueError for times that are none, an empty window, or `failure` of a run that has not failed."""
        from_s, to_s = window_of(start, end, failure, self._first_failure_s)
        if from_s >= self.simulated_seconds:
            raise ValueError(f"the window begins at {from_s:g} s, but the run ends at {self.simulated_seconds:g} s")
        if isinstance(slices_max, bool) or not isinstance(slices_max, int) or slices_max < 1:
            raise ValueError(f"slices_max is {slices_max!r}; it must be a whole number, at least 1")
        fingerprint, trace, _, left_out = _brokersim.trace_run(self._again("trace"), self.seed, round(from_s * 1e9),
                                                               -1 if to_s is None else round(to_s * 1e9), slices_max)
        self._must_repeat(fingerprint)
        Path(path).write_bytes(trace)
        if left_out:
            warnings.warn(f"the trace has {slices_max:,} slices; {left_out:,} later ones found no room: give start and end", stacklevel=2)
        return os.fsdecode(path)

    def timeline(self) -> Timeline:
        """The run as series over time. Repeats it, as report() does, and raises as that does."""
        _, text, columns = self._recorded()
        return Timeline(json.loads(text), dict(columns))

    def _recorded(self) -> tuple[str, str, list[tuple[str, memoryview]]]:
        fingerprint, html, timeline, columns = _brokersim.record_run(self._again("timeline"), self.seed, self.replay, (self._source or ("", None))[1] or "")
        self._must_repeat(fingerprint)
        return html, timeline, columns

    def _again(self, what: str) -> _brokersim.Loaded:
        """The scenario, to be run again."""
        if self._source is None:
            raise ValueError(f"a branch has no {what}: run the scenario itself")
        name, text = self._source
        loaded = _brokersim.load_file(name, self.overrides) if text is None else _brokersim.load_text(text, name, self.overrides)
        if not loaded.runnable:
            self._must_repeat("")
        return loaded

    def _must_repeat(self, fingerprint: str) -> None:
        if fingerprint != self.fingerprint:
            assert self._source is not None
            raise ValueError(f"{self._source[0]} is another scenario by now: it does not repeat this run")

    def assert_same_as(self, other: Result) -> None:
        """Raises AssertionError unless both are the same run, event by event; says in what they differ."""
        if self.fingerprint == other.fingerprint:
            return
        parts = [name for name, value in self.fingerprint_parts.items() if other.fingerprint_parts[name] != value]
        changed = [f"{name}: {value!r} and {other._metrics.get(name)!r}" for name, value in self._metrics.items()
                   if other._metrics.get(name) != value]
        raise AssertionError(
            f"two runs differ: fingerprints {self.fingerprint} and {other.fingerprint} (by {', '.join(parts) or 'their length'})\n  "
            + "\n  ".join(changed[:12] or ["no metric differs"]) + f"\n  {self.replay}\n  {other.replay}\n"
            "  hint: `brokersim diff` names the first differing event")

    def __repr__(self) -> str:
        return (f"<brokersim.Result {self.scenario!r} seed={self.seed} {self.verdict} "
                f"acknowledged={self.records.acknowledged} lost_acknowledged={self.records.lost_acknowledged} "
                f"fingerprint={self.fingerprint}>")

    def _repr_html_(self) -> str:
        from brokersim.display import result_html

        return result_html(self)
