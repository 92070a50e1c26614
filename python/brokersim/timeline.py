"""A run as series over time."""
from __future__ import annotations

from itertools import accumulate
from typing import Any, Optional


class Timeline:
    """What `Result.timeline()` returns: a run in bins of time, from 0 to its end.

        timeline = result.timeline()
        plt.plot(timeline.times, timeline.acknowledged_per_second)
        timeline.events()                # a pandas.DataFrame: at_s, event, who, partition, value
        timeline.hosts()                 # at_s, host, disk_busy, dirty, out_bytes, ...

        timeline.arrays()["latency"]     # a numpy.ndarray: records by bin and bucket of latency

    Lists are plain lists of numbers, one for each bin. `arrays` has the same series and more as NumPy arrays that are not copied.
    """

    def __init__(self, data: dict[str, Any], columns: Optional[dict[str, memoryview]] = None):
        """From the JSON that the report holds, and the memory of the series; `Result.timeline` calls this."""
        self._data = data
        self._columns = columns or {}
        self.bin_s: float = data["bin_s"]            #: Seconds of a bin.
        self.duration_s: float = data["duration_s"]  #: Simulated seconds of the run.
        self.brokers: list[str] = data["brokers"]    #: Hosts by broker id.
        self.acknowledged: list[int] = data["acknowledged"]  #: Records per bin.
        self.consumed: list[int] = data["consumed"]          #: Records per bin.
        self.failed: list[int] = data["failed"]              #: Records per bin.

    @property
    def times(self) -> list[float]:
        """The end of each bin, in seconds."""
        return [(i + 1) * self.bin_s for i in range(len(self.acknowledged))]

    @property
    def acknowledged_per_second(self) -> list[float]:
        """Acknowledged records per second, in each bin."""
        return [records / self.bin_s for records in self.acknowledged]

    def arrays(self) -> dict[str, Any]:
        """NumPy arrays on the recorder's own memory, not copied and read-only. Integers: acknowledged, failed, consumed (records
        per bin), latency (records by bin and bucket, a matrix), events/at_ns, /kind, /who, /partition, /value (all -1 where
        there is none; as_dict()["events"]["kinds"] names the kinds), logs/PARTITION/BROKER/log_end and /high_watermark (by bin, -1: not
        known yet). Floats: latency_bounds_ms (lower ends of the buckets), hosts/NAME/disk_busy, /dirty, ... as hosts() tells them.
        Raises ImportError where NumPy is not installed."""
        import numpy

        return {name: numpy.asarray(memory) for name, memory in self._columns.items()}

    def log(self, partition: str, broker: int) -> dict[str, list[int]]:
        """{"log_end": ..., "high_watermark": ...} of a replica at the end of each bin; -1: not known yet. Followed are
        the 24 worst partitions. Raises KeyError for another one, or a broker without a replica."""
        for one in self._data["partitions"]:
            for replica in one.get("logs", ()) if one["name"] == partition else ():
                if replica["broker"] == broker:
                    return {"log_end": list(accumulate(replica["leo"])), "high_watermark": list(accumulate(replica["hw"]))}
        raise KeyError(f"the log of {partition} on broker {broker} was not followed")

    def leadership(self) -> Any:
        """A pandas.DataFrame of what the controller committed: partition, at_s, leader (-1: none), epoch, isr, unclean.
        Raises ImportError where pandas is not installed."""
        import pandas

        return pandas.DataFrame([dict(partition=one["name"], at_s=at, leader=leader, epoch=epoch, isr=isr, unclean=unclean)
                                 for one in self._data["partitions"] for at, leader, epoch, isr, unclean in one["leadership"]],
                                columns=["partition", "at_s", "leader", "epoch", "isr", "unclean"])

    def events(self) -> Any:
        """A pandas.DataFrame: at_s, event, who (broker, controller or client), partition, value. At most 100,000 events.
        Raises ImportError where pandas is not installed."""
        import pandas

        events, names = self._data["events"], self._data["partition_names"]
        return pandas.DataFrame({"at_s": [at / 1e6 for at in accumulate(events["at_us"])],
                                 "event": [events["kinds"][kind] for kind in events["kind"]], "who": events["who"],
                                 "partition": [names[p] if p >= 0 else None for p in events["partition"]], "value": events["value"]})

    def hosts(self) -> Any:
        """A pandas.DataFrame of the machines: at_s, host, disk_busy and nic_busy (shares of the time), cpu_cores,
        out_bytes and in_bytes (per second), dirty and cached (bytes), read_bytes and written_bytes (since the sample
        before). Raises ImportError where pandas is not installed."""
        import pandas

        step = self._data["sample_s"]
        return pandas.concat([pandas.DataFrame({"at_s": [(i + 1) * step for i in range(len(one["dirty"]))],
                                                "host": one["name"], **{k: v for k, v in one.items() if k != "name"}})
                              for one in self._data["hosts"]], ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as the report holds it."""
        return self._data

    def __repr__(self) -> str:
        return f"<brokersim.Timeline {self.duration_s:g} s in {len(self.acknowledged)} bins, {len(self._data['events']['kind'])} events>"
