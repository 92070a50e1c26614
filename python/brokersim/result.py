"""The outcome of one run, as typed values: the JSON of `brokersim run --json` with attributes.

Attribute names are the JSON's. `_s` is seconds, `_ms` milliseconds; instants are simulated seconds from the start.
"""
from __future__ import annotations

import copy
import dataclasses
import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, TypeVar, Union

from brokersim import _brokersim
from brokersim.quantities import Bandwidth, Duration, Rate
from brokersim.timeline import Timeline

T = TypeVar("T")


def _make(kind: type[T], values: Mapping[str, Any]) -> T:
    """`kind` from the members of `values` that it has."""
    return kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Records:
    """How many records met which fate."""

    sent: int               #: Handed to a producer's send().
    acknowledged: int       #: Reported to the application as written.
    failed: int             #: Reported to the application as failed.
    unknown: int            #: Of `failed`, those that may have been written all the same.
    unfinished: int         #: Without an outcome at the end of the run.
    lost_acknowledged: int  #: Positively acknowledged, and on no current leader at the end.
    duplicated: int         #: Stand at more than one offset of their partition.
    reordered: int          #: Stand before one which their producer sent earlier.
    consumed: int           #: Delivered to consumers.
    compacted: int          #: Replaced by a later record of their key, as compaction may.
    expired: int            #: Deleted by retention or DeleteRecords, as they may.
    expired_unread: int     #: Of these, before every consumer of the partition had read them.
    skipped_unread: int     #: Passed over by a consumer's offset reset although they were there.
    unread: int             #: In the log, below where a consumer has got to, and not read by it.
    diverged: int           #: Below a running replica's high watermark, and others than the leader's there.


@dataclass(frozen=True)
class RunRecords(Records):
    """Of a whole run: with the losses by promise."""

    lost_acknowledged_acks_0: int    #: Of `lost_acknowledged`, sent with acks=0.
    lost_acknowledged_acks_1: int    #: Of `lost_acknowledged`, sent with acks=1.
    lost_acknowledged_acks_all: int  #: Of `lost_acknowledged`, sent with acks=all.
    at_risk: int                     #: Acknowledged and on no elected leader at the end.
    at_risk_max: int                 #: The most that were so after any election.


@dataclass(frozen=True)
class LatencyDistribution:
    """Milliseconds. With `count` 0 nothing was measured, and the other numbers mean nothing."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float

    @property
    def mean(self) -> Duration:
        """`mean_ms` as a Duration, which compares with text: `<= "20 ms"`. So do the next ones."""
        return Duration(self.mean_ms / 1e3)

    @property
    def p50(self) -> Duration:
        """The median."""
        return Duration(self.p50_ms / 1e3)

    @property
    def p95(self) -> Duration:
        """The 95th percentile."""
        return Duration(self.p95_ms / 1e3)

    @property
    def p99(self) -> Duration:
        """The 99th percentile."""
        return Duration(self.p99_ms / 1e3)

    @property
    def p999(self) -> Duration:
        """The 99.9th percentile."""
        return Duration(self.p999_ms / 1e3)

    @property
    def max(self) -> Duration:
        """The longest."""
        return Duration(self.max_ms / 1e3)


@dataclass(frozen=True)
class Latency:
    """Three ways to measure it; `latency("produce")` is `latency.produce`."""

    produce: LatencyDistribution     #: Intended send to final outcome, failures included.
    produce_ok: LatencyDistribution  #: Actual send to success; to compare with published measurements.
    end_to_end: LatencyDistribution  #: Intended send to delivery to a consumer.

    def __call__(self, name: str) -> LatencyDistribution:
        """The distribution of that name: "produce", "produce_ok" or "end_to_end". ValueError for another."""
        if name not in ("produce", "produce_ok", "end_to_end"):
            raise ValueError(f'there is no latency "{name}"; there are produce, produce_ok and end_to_end')
        distribution: LatencyDistribution = getattr(self, name)
        return distribution


@dataclass(frozen=True)
class Phases:
    """One latency, split by intended send: before the first fault, while any had effect, and after the last."""

    before: LatencyDistribution
    during: LatencyDistribution
    after: LatencyDistribution


@dataclass(frozen=True)
class LatencyPhases:
    fault_from_s: Optional[float]  #: None: no fault had effect.
    fault_to_s: Optional[float]
    produce: Phases
    end_to_end: Phases


@dataclass(frozen=True)
class Throughput:
    records_per_second: float  #: Acknowledged records per second of load.
    bytes_per_second: float    #: Their bytes.

    @property
    def records(self) -> Rate:
        """`records_per_second` as a Rate, which compares with text: `>= "20000 /s"`."""
        return Rate(self.records_per_second)

    @property
    def bytes(self) -> Bandwidth:
        """`bytes_per_second` as a Bandwidth, which compares with text: `>= "20 MB/s"`."""
        return Bandwidth(self.bytes_per_second)


@dataclass(frozen=True)
class Controller:
    """The control plane of the run."""

    changes: int                  #: How often another controller became active; the first one does not count.
    unavailable_longest_s: float  #: Longest time without an active controller.
    unavailable_total_s: float


@dataclass(frozen=True)
class Unavailable:
    """A window in which a service was not there for a client."""

    what: str      #: "no_leader", "produce_acks_all", "produce" or "fetch".
    of: str        #: "orders/0".
    from_s: float
    to_s: float
    open: bool     #: Not over at the end of the run.

    @property
    def seconds(self) -> float:
        """Length of the window."""
        return self.to_s - self.from_s

    @property
    def length(self) -> Duration:
        """The same as a Duration, which compares with text: `<= "10 s"`."""
        return Duration(self.seconds)


@dataclass(frozen=True)
class Recovery:
    """A leader that stopped, and its successor."""

    of: str                          #: "orders/0".
    lost: int                        #: Broker that stopped leading.
    how: str                         #: "process_killed", "power_lost", "kernel_panicked" or "paused".
    stopped_s: float
    successor: int                   #: Broker, -1 if there was none.
    elected_s: Optional[float]       #: None: nobody was.
    acknowledged_s: Optional[float]  #: First acknowledgement by the successor.


@dataclass(frozen=True)
class Loss:
    """Acknowledged records of one producer that are gone, with the story of how."""

    producer: str
    of: str                 #: "orders/0".
    first: int              #: Ordinal of the first lost record among the producer's records of that partition.
    last: int
    records: int            #: How many are lost between first and last, both included.
    pieces: int             #: In how many runs without a gap.
    acks: Union[int, str]   #: 0, 1 or "all".
    promised: bool          #: The setting promised that these survive: a bug of the system, not a trade-off.
    explanation: str        #: Who wrote them, who acknowledged them when, who held them, what dropped them.


@dataclass(frozen=True)
class Fault:
    name: str
    kind: str
    target: str                  #: What it was resolved to when it fired.
    at_s: float
    healed_s: Optional[float]    #: None: not healed within the run.
    requested: bool              #: Its time came.
    fired: bool                  #: It found a target.
    had_effect: bool             #: It changed something.


@dataclass(frozen=True)
class AdminAction:
    """What an administrator asked for, and what came of it."""

    name: str
    kind: str
    target: str
    at_s: float             #: Asked for.
    done_s: float           #: Answered, or given up.
    error: Optional[str]    #: Kafka's name of the error; None: done.
    offset: Optional[int]   #: delete_records: the log start that came of it.


@dataclass(frozen=True)
class OffsetReset:
    """A consumer's position was outside of the log, and auto.offset.reset chose another."""

    consumer: str
    of: str                 #: Partition, "orders/0".
    at_s: float
    to: Optional[int]       #: The new position; None: it stopped (auto.offset.reset=none).
    from_offset: int        #: The old position.
    expired: int            #: Records between that were not in the log any more.
    skipped: int            #: Records between that were still there.


@dataclass(frozen=True)
class Check:
    """A law that is judged in every run."""

    id: str        #: "S1".
    title: str
    verdict: str   #: "holds", "violated" or "not_applicable".
    breaches: int  #: How often it was broken.
    detail: str


@dataclass(frozen=True)
class Expectation:
    """One line of the scenario's own `expect`."""

    text: str
    verdict: str             #: "holds", "violated" or "inconclusive".
    value: Optional[float]   #: In the metric's unit. None: not measured.
    detail: str


@dataclass(frozen=True)
class Published:
    """What somebody measured on the real system, beside the prediction. Not judged."""

    metric: str
    source: str
    published: float
    predicted: Optional[float]


@dataclass(frozen=True)
class Workload:
    """The measures of one workload alone."""

    records: Records
    latency: Latency
    throughput: Throughput


def _latency(values: Mapping[str, Any]) -> Latency:
    return Latency(*(_make(LatencyDistribution, values[name]) for name in ("produce", "produce_ok", "end_to_end")))


def _phases(values: Mapping[str, Any]) -> Phases:
    return Phases(*(_make(LatencyDistribution, values[name]) for name in ("before", "during", "after")))


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
    leader_changes: int
    controller: Controller
    unavailable: list[Unavailable]
    recoveries: list[Recovery]
    losses: list[Loss]
    faults: list[Fault]
    admin: list[AdminAction]
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
        "expectations", "admin", "offset_resets" or "published", one row each, columns as the JSON has them. Raises
        ImportError where pandas is not installed, ValueError for another name."""
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
        html, _ = self._recorded()
        Path(path).write_text(html, encoding="utf-8")
        return os.fsdecode(path)

    def timeline(self) -> Timeline:
        """The run as series over time. Repeats it, as report() does, and raises as that does."""
        _, text = self._recorded()
        return Timeline(json.loads(text))

    def _recorded(self) -> tuple[str, str]:
        if self._source is None:
            raise ValueError("a branch has no timeline: run the scenario itself")
        name, text = self._source
        loaded = _brokersim.load_file(name, self.overrides) if text is None else _brokersim.load_text(text, name, self.overrides)
        if loaded.runnable:
            fingerprint, html, timeline = _brokersim.record_run(loaded, self.seed, self.replay)
            if fingerprint == self.fingerprint:
                return html, timeline
        raise ValueError(f"{name} is another scenario by now: it does not repeat this run")

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
