"""guarantees_table.py PROGRAM [--seeds A..B] [--jobs N] [--out PAGE]: what each delivery guarantee loses, repeats and costs.

One application reads a topic, makes a record of every record and writes it to a second topic: at most once, at least once,
with an idempotent producer, in transactions. Each way goes through the same faults over the same seeds.
Writes the scenarios and one JSON line per run to build/guarantees/, and the page (Markdown) to PAGE. Exit code 1 if a way does
not keep what it promises, or shows nothing of what it does not promise in any run.
"""
import argparse
import copy
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OUT = Path("build/guarantees")
BASE = {
    "duration": "120 s",
    "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"], "boot_time": "5 s"}],
    "systems": {"kafka": {
        "kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 3},
        "config": {"min.insync.replicas": 2},
        "topics": [{"name": name, "assignment": [[0, 1, 2], [1, 2, 0], [2, 0, 1]], "config": {"min.insync.replicas": 2}}
                   for name in ("orders", "invoices")]}},
}
START = 10  # the group is stable by then
STOP = 80
RATE = 200
SATURATED = (10, 20)  # s: what is made between the two
LOADED = (15, 60)  # s: the same under a load of 15,000 orders a second, while the faults happen
CLIENT = {"request.timeout.ms": 3000, "delivery.timeout.ms": 20000}
PIPELINE = {"name": "billing", "kind": "kafka_pipeline", "of": "kafka", "from": "orders", "topic": "invoices", "count": 2,
            "work": "2 ms",
            "consumer": {"config": {"session.timeout.ms": 10000, "heartbeat.interval.ms": 3000, "max.poll.records": 50}}}
WAYS = {
    "at most once": ("at_most_once", {"acks": 1, "enable.idempotence": False, "retries": 0}),
    "at least once": ("at_least_once", {"acks": "all", "enable.idempotence": False}),
    "idempotent": ("at_least_once", {"acks": "all"}),
    "transactional": ("exactly_once", {"transaction.timeout.ms": 10000}),
}
LEADER = {"leader_of": "invoices/1"}
CLIENTS = {"workload": "billing"}
FAULTS = {
    "none": [],
    "client crash": [{"at": f"{t} s", "kind": "kill_process", "target": CLIENTS, "restart_after": "3 s"}
                     for t in (20, 31, 42, 53)],
    "broker crash": [{"at": f"{t} s", "kind": "kill_process", "target": LEADER, "restart_after": "5 s"} for t in (20, 45)],
    "broker power loss": [{"at": f"{t} s", "kind": "power_loss", "target": LEADER, "restart_after": "5 s"} for t in (20, 45)],
    "broker paused": [{"at": f"{t} s", "kind": "pause_process", "target": LEADER, "lasts": "15 s"} for t in (20, 45)],
    "broker cut off": [{"at": f"{t} s", "kind": "partition", "from": LEADER, "lasts": "15 s"} for t in (20, 45)],
    "client paused": [{"at": f"{t} s", "kind": "pause_process", "target": CLIENTS, "lasts": "15 s"} for t in (20, 45)],
    "client cut off": [{"at": f"{t} s", "kind": "partition", "from": CLIENTS, "to": {"hosts": "b"}, "lasts": "15 s"}
                       for t in (20, 45)],
    "answers lost": [{"at": f"{t} s", "kind": "partition", "from": {"hosts": "b"}, "to": CLIENTS, "shape": "one_way",
                      "lasts": "6 s"} for t in (20, 32, 44, 56)],
}
# What a way promises never to do, whatever the fault of this table.
PROMISES = {
    "at most once": ("duplicated",),
    "at least once": ("lost",),
    "idempotent": ("lost",),
    "transactional": ("lost", "duplicated", "reordered"),
}
# What it does not promise, and must be seen doing somewhere.
SHOWS = {
    "at most once": ("lost",),
    "at least once": ("duplicated",),
    "idempotent": ("duplicated",),
    "transactional": (),
}


def scenario(way, fault, saturated=0, loaded=0):
    """`saturated`: more orders than any way can take, for so many seconds; `loaded`: than most can, with more work."""
    guarantee, config = WAYS[way]
    document = copy.deepcopy(BASE)
    document["title"] = f"{way}, {fault}"
    pipeline = copy.deepcopy(PIPELINE)
    pipeline.update({"guarantee": guarantee, "config": {**CLIENT, **config}})
    checkout = {"name": "checkout", "kind": "kafka_producer", "of": "kafka", "topic": "orders", "rate": f"{RATE} /s",
                "record_size": "200 B", "start": f"{START} s", "stop": f"{STOP} s", "config": {"acks": "all"}}
    if saturated:
        document["duration"] = f"{saturated} s"
        checkout.update({"rate": "60000 /s", "start": "0 s", "stop": f"{saturated} s", "records_per_send": 20})
        pipeline.update({"work": "20 us"})
        pipeline["consumer"]["config"]["max.poll.records"] = 100
    if loaded:
        document["duration"] = f"{loaded} s"
        checkout.update({"rate": "15000 /s", "start": "0 s", "stop": f"{loaded} s", "records_per_send": 10})
        pipeline.update({"work": "100 us"})
        pipeline["consumer"]["config"]["max.poll.records"] = 100
    ledger = {"name": "ledger", "kind": "kafka_consumer", "of": "kafka", "topic": "invoices",
              "config": {"auto.offset.reset": "earliest", "request.timeout.ms": 3000}}
    if guarantee == "exactly_once":
        ledger["config"]["isolation.level"] = "read_committed"
    document["workloads"] = [checkout, pipeline, ledger]
    document["faults"] = FAULTS[fault]
    return document


def run(program, path, seed):
    command = [program, "run", str(path), "--seed", str(seed), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def billing(result):
    return result["transactions"]["pipelines"][0]


def span(values):
    """Mean (least..most) of counts."""
    if min(values) == max(values):
        return f"{values[0]:,}"
    return f"{sum(values) / len(values):,.1f} ({min(values):,}..{max(values):,})"


def latency(results, which):
    values = sorted(billing(r)["latency"][which] for r in results)
    return f"{values[len(values) // 2]:,.0f}"


def throughput(arguments):
    """Records made per second under load, by way and fault: what is made between the two times of LOADED."""
    early, late = LOADED
    cells = [(way, "none", early) for way in WAYS] + [(way, fault, late) for fault in FAULTS for way in WAYS]

    def made(cell):
        way, fault, seconds = cell
        document = scenario(way, fault, loaded=seconds)
        document["faults"] = [f for f in document["faults"] if int(f["at"].split()[0]) < seconds]
        path = OUT / f"loaded-{cells.index(cell):02}.json"
        path.write_text(json.dumps(document, indent=2) + "\n")
        return billing(run(arguments.program, path, 1))["made"]

    with ThreadPoolExecutor(arguments.jobs) as pool:
        counts = dict(zip(cells, pool.map(made, cells)))
    return {(way, fault): (counts[way, fault, late] - counts[way, "none", early]) / (late - early)
            for fault in FAULTS for way in WAYS}


def measure(arguments, seeds):
    cells = [(way, fault, 0) for fault in FAULTS for way in WAYS]
    cells += [(way, "none", seconds) for way in WAYS for seconds in SATURATED]
    found, broken = {}, []
    with (OUT / "results.jsonl").open("w") as log, ThreadPoolExecutor(arguments.jobs) as pool:
        for number, (way, fault, saturated) in enumerate(cells):
            path = OUT / f"{number:02}.json"
            path.write_text(json.dumps(scenario(way, fault, saturated), indent=2) + "\n")
            some = list(seeds)[:1] if saturated else seeds
            results = list(pool.map(lambda seed: run(arguments.program, path, seed), some))
            found[way, fault, saturated] = results
            for seed, result in zip(some, results):
                log.write(json.dumps(result) + "\n")
                if saturated:
                    continue
                for what in PROMISES[way]:
                    if billing(result)[what] > 0:
                        broken.append(f"{way}, {fault}: {billing(result)[what]} {what}; "
                                      f"{arguments.program} run {path} --seed {seed}")
            print(f"  {number + 1} of {len(cells)}: {way}, {fault}", file=sys.stderr)
    found["loaded"] = throughput(arguments)
    for way, shown in SHOWS.items():
        for what in shown:
            if not any(billing(r)[what] for fault in FAULTS for r in found[way, fault, 0]):
                broken.append(f"{way}: nothing {what} in any run")
    return found, broken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", default="1..10")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", default="docs/guarantees.md")
    arguments = parser.parse_args()
    first, last = (int(x) for x in arguments.seeds.split(".."))
    seeds = range(first, last + 1)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        found, broken = measure(arguments, seeds)
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    page = [
        "# What each delivery guarantee loses, repeats and costs",
        "",
        "Made by `make guarantees` (`tools/guarantees_table.py`); do not edit. An application of two instances reads the topic "
        f"`orders`, {RATE} records a second for {STOP - START} s, makes a record of each (2 ms of work) and writes it to `invoices`; three "
        "brokers, three replicas, `min.insync.replicas=2`, version 4.1. The four ways:",
        "",
        "- **at most once**: offsets are committed before the work; records go with `acks=1`, without retries.",
        "- **at least once**: `acks=all`, `enable.idempotence=false`; offsets are committed when all records are acknowledged.",
        "- **idempotent**: the same with `enable.idempotence=true`.",
        "- **transactional**: records and offsets of a poll are one transaction; who reads `invoices` reads `read_committed`.",
        "",
        "Lost: records in below the committed offset from which nothing was made. Duplicated: records made beyond the first of "
        "one record in. Reordered: first records made of one that stand behind one made of a later record of its partition. "
        "Latency: from the intended send of an order to the reading of its invoice, faults included, median over the seeds. "
        f"Counts are means (least..most) of a run of {RATE * (STOP - START):,} records; {len(seeds)} seeds a row. Every row keeps what its "
        "way promises in every run, or the command fails; the checks S28 (exactly once) and S1 judge the same runs.",
        "",
        f"Records a second: what it makes under load, from {LOADED[0]} s to {LOADED[1]} s, with the same faults: 15,000 orders a second, "
        "100 us of work for each, polls of up to 100; one seed.",
        "",
        "| fault | way | lost | duplicated | reordered | p50 ms | p99 ms | records made | records a second |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for fault in FAULTS:
        for way in WAYS:
            results = found[way, fault, 0]
            columns = [span([billing(r)[what] for r in results]) for what in ("lost", "duplicated", "reordered")]
            columns += [latency(results, "p50_ms"), latency(results, "p99_ms"), span([billing(r)["made"] for r in results]),
                        f"{round(found['loaded'][way, fault]):,}"]
            page.append(f"| {fault} | {way} | " + " | ".join(columns) + " |")
    page += [
        "",
        "Faults: four crashes of both instances 11 s apart, restarted after 3 s; the leader of a third of `invoices` killed, or without "
        "power, twice, back after 5 s, or stopped for 15 s, or cut off from everybody for 15 s; both instances stopped for 15 s, or cut off from all brokers for 15 s, twice (the session "
        "is 10 s); and what brokers answer is lost for 6 s, four times.",
        "",
        "## What the application gets through",
        "",
        "The same with 20 us of work, polls of up to 100 records and more orders than it can take (60,000 a second), one seed: "
        "records made per second from 10 s to 20 s. Two instances, each with one poll at a time.",
        "",
        "| way | records a second |",
        "|---|---|",
    ]
    for way in WAYS:
        before, after = (billing(found[way, "none", seconds][0])["made"] for seconds in SATURATED)
        page.append(f"| {way} | {round((after - before) / (SATURATED[1] - SATURATED[0])):,} |")
    Path(arguments.out).write_text("\n".join(page) + "\n")
    for line in broken:
        print(f"error: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
