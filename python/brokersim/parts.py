"""What a result is made of: counts, latencies, windows, losses, faults and checks as typed values.

Attribute names are those of `brokersim run --json`. `_s` is seconds, `_ms` milliseconds; instants are simulated seconds
from the start of the run.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, TypeVar, Union

from brokersim.quantities import Bandwidth, Duration, Rate

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
    out_of_key_order: int   #: Read for the first time after a later record of the same key and producer.
    hottest_partition_permille: int  #: Thousandths of the acknowledged records in the partition with the most of them.
    stale_keys: int         #: Deleted keys of compacted topics that a reader does not know to be deleted.
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
    """Latencies before, during and after the faults."""

    fault_from_s: Optional[float]  #: None: no fault had effect.
    fault_to_s: Optional[float]
    produce: Phases
    end_to_end: Phases


@dataclass(frozen=True)
class Throughput:
    """What was acknowledged, per second of load."""

    records_per_second: float  #: Acknowledged records per second of load.
    bytes_per_second: float    #: Their bytes.
    consumed_per_second: float = 0.0  #: Handed to consumers, per second from the first hand-over to the last.

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
    """One fault of the run, as it really happened."""

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
class FailedClient:
    """A client whose application saw a fatal exception: the coordinator of its group had answered what no retry mends."""

    client: str
    group: str
    error: str              #: Kafka's name of the error, "GROUP_ID_NOT_FOUND".
    at_s: float


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
