"""loss_table.py PROGRAM [--seeds A..B] [--jobs N]: what is lost after acknowledgement, for acks x failure.

Twelve small scenarios, each with the seeds given. The instant of the failure is drawn from the seed, uniform over
ten seconds: a power loss right after a write-back finds little to lose, one right before it finds most.
Writes the scenarios, and one JSON line per run, to build/table/; every run can be replayed from there.
Exits 1 if a cell breaks what the rules promise (RULES below), 2 if a run failed.
"""
import argparse
import copy
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OUT = Path("build/table")
FAULT_FROM_MS, FAULT_SPAN_MS = 45_000, 10_000

BASE = {
    "title": "",
    "why": "Which acknowledged records does this failure destroy with this acks setting?",
    "duration": "150 s",
    "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"]}],
    "systems": {
        "kafka": {
            "kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
            "topics": [{"name": "orders", "partitions": 1, "replication_factor": 3, "assignment": [[0, 1, 2]],
                        "config": {"min.insync.replicas": 2}}],
        }
    },
    "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "20000 /s",
                   "arrivals": "poisson", "record_size": "1 KiB", "config": {"linger.ms": 5, "batch.size": 131072}}],
}

LEADER = {"leader_of": "orders/0"}
FAILURES = {
    "kill leader": ({"kind": "kill_process", "target": LEADER, "restart_after": "10 s"}, {}),
    "power loss leader": ({"kind": "power_loss", "target": LEADER, "restart_after": "10 s"}, {}),
    "power loss all": ({"kind": "power_loss", "target": {"hosts": "b"}, "restart_after": "10 s"}, {}),
    "power loss all, flush.messages=1": ({"kind": "power_loss", "target": {"hosts": "b"}, "restart_after": "10 s"},
                                         {"flush.messages": 1}),
}
ACKS = ("0", "1", "all")

# What the rules promise, whatever the seed: no acknowledged loss here.
LOSSLESS = {("all", "kill leader"), ("all", "power loss leader"), ("all", "power loss all, flush.messages=1")}


def scenario(acks, failure):
    fault, topic_config = FAILURES[failure]
    document = copy.deepcopy(BASE)
    document["title"] = f"acks={acks}, {failure}"
    document["workloads"][0]["config"]["acks"] = acks
    document["systems"]["kafka"]["topics"][0]["config"].update(topic_config)
    document["faults"] = [{"at": f"{FAULT_FROM_MS} ms", **fault}]
    return document


def fault_time_ms(seed):
    """Uniform over the span, a function of the seed alone: the same instant in every cell (multiplicative hash)."""
    return FAULT_FROM_MS + (seed * 2_654_435_761 % 2**32) * FAULT_SPAN_MS // 2**32


def run(program, path, seed):
    command = [program, "run", str(path), "--seed", str(seed), "--set", f"/faults/0/at={fault_time_ms(seed)} ms", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def unavailable_s(result):
    """The longest time in which this workload's writes were not acknowledged."""
    return max((w["to_s"] - w["from_s"] for w in result["unavailable"] if w["what"].startswith("produce")), default=0.0)


def mean(values):
    return sum(values) / len(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", default="1..100")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    first, last = (int(x) for x in arguments.seeds.split(".."))
    seeds = range(first, last + 1)

    OUT.mkdir(parents=True, exist_ok=True)
    rows, broken = [], []
    with (OUT / "results.jsonl").open("w") as log, ThreadPoolExecutor(arguments.jobs) as pool:
        for failure in FAILURES:
            for acks in ACKS:
                path = OUT / f"acks-{acks}-{failure.replace(', ', '-').replace('=', '-').replace(' ', '-')}.json"
                path.write_text(json.dumps(scenario(acks, failure), indent=2) + "\n")
                try:
                    results = list(pool.map(lambda seed: run(arguments.program, path, seed), seeds))
                except RuntimeError as error:
                    print(f"error: {error}", file=sys.stderr)
                    return 2
                for result in results:
                    log.write(json.dumps(result) + "\n")
                lost = [r["records"]["lost_acknowledged"] for r in results]
                rows.append((failure, acks, results, lost))
                print(f"  {len(rows)} of {len(FAILURES) * len(ACKS)}: {failure}, acks={acks}", file=sys.stderr)
                if (acks, failure) in LOSSLESS and any(lost):
                    worst = max(range(len(lost)), key=lost.__getitem__)
                    broken.append(f"{failure}, acks={acks}: seed {seeds[worst]} lost {lost[worst]} acknowledged records; replay:\n"
                                  f"  {arguments.program} run {path} --seed {seeds[worst]} "
                                  f"--set '/faults/0/at={fault_time_ms(seeds[worst])} ms'")

    count = len(seeds)
    print(f"{count} seeds a row; records are means, loss is mean (least..most); unavailable is the longest window without "
          "an acknowledged write.")
    print(f"{'failure':33} {'acks':5} {'sent':>9} {'acknowledged':>13} {'lost after acknowledgement':>32} "
          f"{'runs with loss':>26} {'unavailable s':>20}")
    for failure, acks, results, lost in rows:
        sent = mean([r["records"]["sent"] for r in results])
        acknowledged = mean([r["records"]["acknowledged"] for r in results])
        away = [unavailable_s(r) for r in results]
        lossy = sum(value > 0 for value in lost)
        # Nothing seen in n runs is not nothing: the 95 % upper bound of the rate is 1 - 0.05^(1/n).
        runs = f"{lossy} of {count}" if lossy else f"0 of {count} (below {100 * (1 - 0.05 ** (1 / count)):.1f} %)"
        print(f"{failure:33} {acks:5} {sent:9.0f} {acknowledged:13.0f} {mean(lost):12.1f} "
              f"{f'({min(lost)}..{max(lost)})':>19} {runs:>26} {mean(away):8.1f} {f'({min(away):.1f}..{max(away):.1f})':>11}")
    for line in broken:
        print(f"error: acks=all must not lose here: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
