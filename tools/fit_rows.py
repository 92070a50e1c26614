"""The rows that make fit works on: constants with their priors, shortened runs, inputs of the hardware to raise.

A constant's prior comes from measured primitives, from others' measurements of one part alone or from a stated order of
magnitude, never from a row. What is fitted are a few factors, each on all constants of one nature: a JVM that is slower
than its prior is slower in a handler and in a fetcher alike, and rows of five publishers cannot tell twenty numbers apart.
Fitted to are throughputs and medians: a p99 is made by pauses, stalls and bursts, which no constant here stands for, and a
short run says little of it.
"""
import json
import math

import numpy

from reference_runs import TARGETS, group_of, kind_of, predicted_of, profile_overrides, run_all

MEASURED = "device-models 5.2: measured primitives, fixed parts times 2 to 3 for a JVM"
PER_BYTE = "device-models 5.2: TCP 0.1 to 0.2 ns a byte, memcpy 11.4 GB/s, CRC-32C 5.45 GB/s"
# name, prior, unit, factor that it shares, source of the prior. Times in ns, per byte in ps. Meanings are those of
# models/kafka/costs.cpp.
CONSTANTS = [
    ("wake_up", 12_000, "ns", "wake-up", "device-models 5.2: 3 to 50 us with idle states of the core: their geometric mean"),
    ("receive_request", 6_000, "ns", "JVM", MEASURED),
    ("send_response", 6_000, "ns", "JVM", MEASURED),
    ("send_partition", 4_000, "ns", "JVM", "device-models 5.2: 1 to 2 us per send call, times 2 to 3"),
    ("handle_request", 8_000, "ns", "JVM", MEASURED),
    ("append_batch", 6_000, "ns", "JVM", MEASURED),
    ("append_record", 50, "ns", "JVM", "a walk over a record's varints in a JIT, about 150 cycles: assumption"),
    ("read_partition", 1_000, "ns", "reading",
     "Kafka's own microbenchmarks on an r5.xlarge: 0.27 to 0.5 us a partition for a follower to ask (KAFKA-9039), 0.05 for the "
     "leader's session (KAFKA-10580); the log's look-up beside them: assumption"),
    ("receive_ps_per_byte", 200, "ps", "bytes", PER_BYTE),
    ("append_ps_per_byte", 360, "ps", "bytes", "device-models 5.2: CRC-32C 5.45 GB/s, buffered write 5.7 GB/s"),
    ("fetcher_append_partition", 12_000, "ns", "JVM",
     "a locked append as a leader's (6 us) and as much again for its state, metrics and high watermark"),
    ("fetcher_append_batch", 2_000, "ns", "JVM", "a batch's header checked and its epoch and time noted: a third of append_batch"),
    ("fetcher_round", 10_000, "ns", "JVM", MEASURED),
    ("client_request", 20_000, "ns", "JVM", "as a broker's response and a request: two system calls, a selector round"),
    ("client_response", 15_000, "ns", "JVM", "the same"),
    ("client_batch", 4_000, "ns", "JVM", "half of a broker's append_batch: no validation of a log"),
    ("client_ps_per_byte", 300, "ps", "bytes", PER_BYTE),
    ("client_record", 920, "ns", "records",
     "published outputs of kafka-producer-perf-test with one producer, acks=1 and no replicas, its thread at work: 0.75, 0.88 and "
     "1.0 million records/s of 100 bytes, 1.2 of 5 and 1.9 of 10: their geometric mean"),
    ("client_record_ps_per_byte", 150, "ps", "bytes", "device-models 5.2: memcpy 11.4 GB/s, twice"),
    ("client_poll_record", 300, "ns", "records", "a third of send(): assumption"),
]
# name, prior, standard deviation of its logarithm, what it says and where prior and width come from.
FACTORS = [
    ("wake-up", 1.0, math.log(2) / 2, "how deep idle cores sleep: the mean of 3 to 50 us on a log scale, to a factor of 2, two deviations"),
    ("JVM", 2.4, math.log(2.4) / 2,
     "all fixed work of brokers and clients; two sources of equal weight, each two deviations away: the primitives (1) and the "
     "practitioners' 5,000 to 15,000 un-batched requests a second and broker (device-models 5.1): at 1 the models take 49,000 on "
     "eight hardware threads with acks=all, 5.6 times as many"),
    ("bytes", 1.0, math.log(2) / 2,
     "all work per byte; primitives run from warm caches, a broker's bytes come from and go to cards: a factor of 2, two deviations"),
    ("reading", 1.0, math.log(2) / 2, "a partition of a fetch, which most often has nothing new: a factor of 2, two deviations"),
    ("records", 1.0, math.log(1.43) / 2,
     "the application's work per record; the logarithms of the five rates deviate by ln 1.43, their mean by half of that"),
]
INPUTS = ["network latency", "CPU speed", "one core more", "NIC bandwidth", "limit of a connection", "disk write bandwidth",
          "disk write latency", "memory"]

# What a preset says, to raise it: CPU speed in percent, hardware threads, GiB, MB/s of a connection, drives and their
# MB/s and us of a write.
PRESETS = {
    "i3en.2xlarge": {"speed": 100, "cores": 8, "memory": 64, "flow": 625.0, "drives": (2, 333.4, 20)},
    "c5n.2xlarge": {"speed": 100, "cores": 8, "memory": 21, "flow": 625.0},
    "r5.2xlarge": {"speed": 100, "cores": 8, "memory": 64, "flow": 625.0},
    "li2014": {"speed": 75, "cores": 6, "memory": 32, "nic": 125.0, "drives": (6, 137.0, None)},
}


def raised_disks(what, hardware, preset):
    """The list of disks with one figure raised by 10 %, or None if it has no such figure."""
    given = hardware.get("disks")
    if given:  # volumes of a cloud: their latency (gp2: 1,345 us) is a figure of its own
        if what != "disk write latency":
            return None
        return [{**disk, "volume": {**disk.get("volume", {}), "latency_median": "1480 us"}} for disk in given]
    count, bandwidth, latency = PRESETS[preset].get("drives", (0, None, None))
    if count == 0:
        return None
    if what == "disk write bandwidth":
        return [{"preset": preset, "count": count, "write_bandwidth": f"{bandwidth * 1.1:.1f} MB/s"}]
    return [{"preset": preset, "count": count, "write_latency": f"{latency * 1.1:.1f} us"}] if latency else None


def raised(scenario, what):
    """Overrides that raise an input of the hardware by 10 % (cores: by one) on every machine that has it."""
    if what == "network latency":
        base = 50_000 if scenario["network"].get("same_zone") == "50 us" else 60_000
        return [f'/network/same_zone="{base * 1.1:.0f} ns"']
    out = []
    for i, group in enumerate(scenario["hosts"]):
        known = {"preset": group["hardware"]} if isinstance(group["hardware"], str) else json.loads(json.dumps(group["hardware"]))
        its = PRESETS[known["preset"]]
        if what == "CPU speed":
            known.setdefault("cpu", {})["speed_percent"] = round(its["speed"] * 1.1)
        elif what == "one core more":
            known.setdefault("cpu", {})["cores"] = its["cores"] + 1
        elif what == "memory":
            known["memory"] = f"{its['memory'] * 1.1 * 1024:.0f} MiB"
        elif what == "limit of a connection":
            if "flow" not in its:
                continue
            known.setdefault("nic", {})["flow_limit"] = f"{its['flow'] * 1.1:.1f} MB/s"
        elif what == "NIC bandwidth":
            nic = known.get("nic") or ({"bandwidth": f"{its['nic']} MB/s"} if "nic" in its else None)
            if not nic:
                continue
            known["nic"] = {**nic, **{key: f"{float(nic[key].split()[0]) * 1.1:.1f} MB/s" for key in ("bandwidth", "burst")
                                      if key in nic}}
        else:
            disks = raised_disks(what, known, known["preset"])
            if disks is None:
                continue
            known["disks"] = disks
        out.append(f"/hosts/{i}/hardware={json.dumps(known)}")
    return out


def shortened(scenario):
    """Overrides that make a run short without changing what it settles to."""
    out = []
    workloads = scenario["workloads"]
    if any(workload.get("records") for workload in workloads):
        for i, workload in enumerate(workloads):
            if workload.get("records", 0) > 4_000_000:
                out.append(f"/workloads/{i}/records=4000000")
            elif workload.get("records"):
                out.append(f"/workloads/{i}/records=2000")
            if workload.get("start") == "170 s":
                out.append(f'/workloads/{i}/start="30 s"')
        return out
    if any(workload.get("arrivals") == "closed" for workload in workloads):
        return [f'/workloads/{i}/stop="3 s"' for i, workload in enumerate(workloads) if workload.get("arrivals") == "closed"] + [
            '/duration="4 s"']
    names = [workload["name"] for workload in workloads]
    for i, workload in enumerate(workloads):
        if workload["name"] == "warmup":
            out.append(f'/workloads/{i}/stop="2 s"')
        elif workload["kind"] == "kafka_producer":
            if "warmup" in names:
                out.append(f'/workloads/{i}/start="2 s"')
            out.append(f'/workloads/{i}/stop="4500 ms"')
    return out + ['/duration="5 s"']


def values_of(theta):
    """All CONSTANTS with the factors exp(theta), as runs use and profiles store them: three significant digits."""
    factors = dict(zip((name for name, _, _, _ in FACTORS), numpy.exp(theta)))
    out = []
    for _, prior, _, factor, _ in CONSTANTS:
        value = prior * factors[factor]
        unit = 10 ** max(0, math.floor(math.log10(value)) - 2)
        out.append(max(1, round(value / unit)) * unit)
    return out


class Rows:
    """The scenarios and the numbers of them that are fitted."""

    def __init__(self, program, directory, jobs, skip):
        self.program, self.jobs, self.runs = program, jobs, 0
        self.rows = []  # (file, scenario, overrides, [(kind, entry)])
        for file in sorted(directory.glob("*.json")):
            scenario = json.loads(file.read_text())
            if any(word in file.stem for word in skip):
                continue
            scored = [(kind_of(scenario, entry), entry) for entry in scenario.get("published", [])]
            scored = [(kind, entry) for kind, entry in scored if kind in ("throughput", "p50")]
            if scored:
                self.rows.append((file, scenario, profile_overrides(scenario) + shortened(scenario), scored))
        self.labels = [(file, kind, entry) for file, _, _, scored in self.rows for kind, entry in scored]
        self.groups = [group_of(file) for file, _, _ in self.labels]
        self.published = numpy.array([math.log(entry["value"]) for _, _, entry in self.labels])
        self.target = numpy.array([TARGETS[kind] for _, kind, _ in self.labels])

    def logs(self, points):
        """ln predicted of all labels, for each of [(logarithms of all FACTORS, input to raise or "")]: one batch of runs."""
        work = []
        for theta, what in points:
            values = [f"/systems/kafka/costs/{name}=" + (f'"{value} ns"' if unit == "ns" else str(value))
                      for (name, _, unit, _, _), value in zip(CONSTANTS, values_of(theta))]
            work += [(file, "", [*short, *values, *(raised(scenario, what) if what else [])])
                     for file, scenario, short, _ in self.rows]
        self.runs += len(work)
        results = run_all(self.program, work, self.jobs)
        for result in results:
            if isinstance(result, Exception):
                raise SystemExit(str(result))
        out, at = [], 0
        for _ in points:
            values = []
            for _, _, _, scored in self.rows:
                values += [max(predicted_of(results[at][0], entry), 1e-9) for _, entry in scored]
                at += 1
            out.append(numpy.log(values))
        return out

    def residuals(self, logs):
        return (logs - self.published) / self.target
