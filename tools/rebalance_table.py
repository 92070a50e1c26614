#!/usr/bin/env python3
"""What a rebalance costs: the table of docs/rebalances.md, measured.

Rows: an event (a member joins, leaves, crashes; all are restarted one after the other) in groups of 3, 10, 30 and 100 members
with four partitions each; and a group of 3 that grows to 30 or to 100.
Columns: eager (range), cooperative (cooperative-sticky), KIP-848, static membership (range with group.instance.id).
Measured by runs over several seeds, medians: times that a member had to stop reading, partition-seconds without an owner (in all
and per partition), records processed twice. Usage: rebalance_table.py BROKERSIM [--seeds N] [--write FILE] [--only EVENT:MEMBERS ...]
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

PROTOCOLS = {
    "eager": ({"partition.assignment.strategy": "range"}, False),
    "cooperative": ({"partition.assignment.strategy": "cooperative-sticky"}, False),
    "KIP-848": ({"group.protocol": "consumer"}, False),
    "static": ({"partition.assignment.strategy": "range"}, True),
}
METRICS = ["group.stops", "group.unowned.total", "group.unowned.longest", "records.processed_twice", "records.skipped",
           "group.generations"]
SETTLED = 60  # s: the group is stable long before
APART = 12    # s between two restarts of a rolling restart


def consumers(name, count, config, static, start=0):
    return {"name": name, "kind": "kafka_consumer", "of": "kafka", "topic": "orders", "group": "g", "count": count,
            "start": "%d s" % start, "process_cost": "20 us", "static_members": static,
            "config": dict(config, **{"auto.offset.reset": "earliest"})}


SIZES = (3, 10, 30, 100)
EVENTS = [(event, size) for event in ("join", "leave", "crash", "rolling restart") for size in SIZES]
EVENTS += [("scale-out", 30), ("scale-out", 100)]


def scenario(event, size, config, static):
    """A group of `size` members, four partitions each, to which `event` happens after a minute."""
    first, partitions, workloads, faults = size, 4 * size, [], []
    if event == "scale-out":
        first = 3
        workloads.append(consumers("more", size - 3, config, static, SETTLED))
    elif event == "join":
        first = size - 1
        workloads.append(consumers("more", 1, config, static, SETTLED))
    elif event in ("leave", "crash"):
        first = size - 1
        workloads.append(consumers("one", 1, config, static))
        kind = "controlled_shutdown" if event == "leave" else "kill_process"
        faults.append({"at": "%d s" % SETTLED, "kind": kind, "target": {"workload": "one"}})
    elif event == "rolling restart":
        first = 0
        for i in range(size):
            workloads.append(consumers("m%d" % i, 1, config, static))
            faults.append({"at": "%d s" % (SETTLED + APART * i), "kind": "controlled_shutdown",
                           "target": {"workload": "m%d" % i}, "restart_after": "5 s"})
    if first:
        workloads.insert(0, consumers("members", first, config, static))
    workloads.insert(0, {"name": "load", "kind": "kafka_producer", "of": "kafka", "topic": "orders", "rate": "1200 /s",
                         "record_size": "200 B", "config": {"acks": "all"}})
    return {"title": event, "why": "table", "duration": "%d s" % (SETTLED + (APART * size + 70 if event == "rolling restart" else 120)),
            "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"]}],
            "systems": {"kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 3},
                                  "topics": [{"name": "orders", "partitions": partitions, "replication_factor": 3,
                                              "config": {"min.insync.replicas": 2}}]}},
            "workloads": workloads, "faults": faults,
            "expect": [{"metric": metric, "at_least": 0 if "unowned" not in metric else "0 s"} for metric in METRICS]}


def quiet(doc):
    """The same run without the event: what the group's beginning costs by itself."""
    doc = json.loads(json.dumps(doc))
    doc["faults"] = []
    doc["workloads"] = [w for w in doc["workloads"] if w["name"] != "more"]
    return doc


def run(program, doc, seeds):
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(doc, file)
    try:
        done = subprocess.run([program, "run", file.name, "--json", "--seeds", "1..%d" % seeds], capture_output=True, text=True)
        rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if not rows:
            raise SystemExit(done.stderr)
        return [[float(e["value"]) for e in row["expectations"]] for row in rows]
    finally:
        os.unlink(file.name)


def merged(old, new):
    """The table with the rows of `new` in their places: those of an event, a size and a protocol are there once."""
    order = [(event, "3 to %d" % size if event == "scale-out" else str(size), name)
             for event, size in EVENTS for name in PROTOCOLS]
    rows = {tuple(cell.strip() for cell in line.split("|")[1:4]): line for line in [*old[2:], *new[2:]]}
    return new[:2] + [rows[key] for key in order if key in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write")
    parser.add_argument("--only", nargs="*", metavar="EVENT:MEMBERS", help="these rows only, such as crash:30; with --write they take their places in the table")
    options = parser.parse_args()
    lines = ["| event | members | protocol | members stopped | s without owner, per partition | longest, s | processed twice | skipped |",
             "|---|---|---|---|---|---|---|---|"]
    for event, size in EVENTS:
        if options.only and "%s:%d" % (event, size) not in options.only:
            continue
        for name, (config, static) in PROTOCOLS.items():
            doc = scenario(event, size, config, static)
            partitions = doc["systems"]["kafka"]["topics"][0]["partitions"]
            seeds = options.seeds if size < 100 else 1  # minutes each
            with_event = run(options.program, doc, seeds)
            without = run(options.program, quiet(doc), seeds)
            values = [statistics.median(a[i] - (b[i] if i < 2 else 0) for a, b in zip(with_event, without))
                      for i in range(len(METRICS))]
            lines.append("| %s | %s | %s | %d | %.2f | %.2f | %d | %d |" % (
                event, "3 to %d" % size if event == "scale-out" else size, name, values[0], values[1] / partitions, values[2], values[3], values[4]))
            print(lines[-1], flush=True)
    if options.write:
        with open(options.write) as file:
            page = file.read()
        head, _, rest = page.partition("<!-- table -->\n")
        old, _, tail = rest.partition("<!-- end -->\n")
        if options.only:
            lines = merged(old.splitlines(), lines)
        with open(options.write, "w") as file:
            file.write(head + "<!-- table -->\n" + "\n".join(lines) + "\n<!-- end -->\n" + tail)


if __name__ == "__main__":
    main()
