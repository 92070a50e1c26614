"""outbox_table.py PROGRAM [--seeds A..B] [--jobs N] [--out PAGE]: what each way to publish events loses, invents and repeats.

Every way to publish, with the service or the publisher dying at each of its steps, over the seeds given: events lost,
phantom, duplicated (and the bound), reordered per aggregate. Then the time from commit to topic against the poll interval.
Writes the scenarios and one JSON line per run to build/outbox-table/, and the page (Markdown) to PAGE.
Exits 1 if a cell breaks what its pattern promises (promise() below), 2 if a run failed.
"""
import argparse
import copy
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OUT = Path("build/outbox-table")

BASE = {
    "title": "",
    "why": "What does this way to publish events lose, invent, repeat or turn round?",
    "duration": "30 s",
    "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"]},
              {"name": "db", "count": 1, "hardware": "i3en.2xlarge", "zones": ["a"]}],
    "systems": {
        "kafka": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
                  "topics": [{"name": "events", "assignment": [[0, 1, 2], [1, 2, 0], [2, 0, 1]],
                              "config": {"min.insync.replicas": 2}}]},
        "db": {"kind": "database", "on": "db"},
    },
    "workloads": [],
}
# 2 % of the transactions take 300 ms, so that ids and commits differ in order; transactions on one aggregate exclude
# each other, so that there is one right order of its events. 2 % are rolled back.
SERVICE = {"name": "orders", "kind": "outbox_service", "topic": "events", "rate": "400 /s", "aggregates": 20,
           "lock_aggregate": True, "work": "2 ms", "slow_permille": 20, "slow_work": "300 ms", "rollback_permille": 20}
PUBLISHER = {"name": "publisher", "kind": "outbox_publisher", "topic": "events", "batch": 20, "interval": "100 ms"}

PATTERNS = {
    "commit, then send": ("row_then_event", None),
    "send, then commit": ("event_then_row", None),
    "send within the transaction": ("event_in_transaction", None),
    "outbox, flag": ("outbox", {"find": "flag"}),
    "outbox, flag, deletes": ("outbox", {"find": "flag", "done": "delete"}),
    "outbox, flag, marked first": ("outbox", {"find": "flag", "mark_first": True}),
    "outbox, cursor": ("outbox", {"find": "cursor"}),
    "outbox, cursor below the horizon": ("outbox", {"find": "horizon"}),
    "outbox, 4 workers, SKIP LOCKED": ("outbox", {"find": "flag", "locking": "skip_locked", "count": 4}),
    "outbox, 4 workers, a shard each": ("outbox", {"find": "flag", "sharded": True, "count": 4}),
}
STEPS = {
    "row_then_event": ["before_transaction", "after_insert", "before_commit", "after_commit", "after_send", "after_ack"],
    "event_then_row": ["before_transaction", "after_send", "after_ack", "after_insert", "before_commit", "after_commit"],
    "event_in_transaction": ["before_transaction", "after_insert", "after_send", "after_ack", "before_commit", "after_commit"],
    "outbox": ["after_insert", "before_commit", "after_commit", "after_select", "after_publish", "after_acknowledgement",
               "after_mark", "after_mark_commit"],
}
SERVICE_STEPS = set(STEPS["row_then_event"])
INTERVALS = ["10 ms", "50 ms", "100 ms", "500 ms", "1 s"]


def scenario(publishing, publisher, step, interval=None):
    document = copy.deepcopy(BASE)
    service = {**SERVICE, "publishing": publishing}
    workloads = [service]
    if publisher is not None:
        workloads.append({**PUBLISHER, **publisher})
        if interval:
            workloads[1]["interval"] = interval
    if step:
        own = step in SERVICE_STEPS
        crash = {"at": step, "every": 800 if own else 20, "restart_after": "500 ms"}
        workloads[0 if own else 1]["crash"] = crash
    document["workloads"] = workloads
    document["title"] = f"{publishing}, {publisher}, {step}, {interval}"
    return document


def run(program, path, seed):
    command = [program, "run", str(path), "--seed", str(seed), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def promise(pattern, step, events):
    """What is broken of what the pattern promises, "" if nothing is."""
    if pattern.startswith("outbox") and events["phantom"]:
        return "an outbox makes no phantom"
    keeps = pattern.startswith("outbox") and pattern not in ("outbox, cursor", "outbox, flag, marked first")
    if keeps and events["lost"]:
        return "it loses nothing"
    if pattern.startswith("outbox") and events["duplicated"] > events["interruptions"] * PUBLISHER["batch"]:
        return "it repeats at most a batch for each interruption"
    if keeps and "SKIP LOCKED" not in pattern and pattern != "outbox, cursor" and events["reordered"]:
        return "it keeps the order of an aggregate"
    if pattern == "commit, then send" and events["phantom"]:
        return "it makes no phantom"
    return ""


def span(values):
    """Mean (least..most) of counts."""
    mean = sum(values) / len(values)
    if min(values) == max(values):
        return f"{values[0]:,}"
    return f"{mean:,.1f} ({min(values):,}..{max(values):,})"


def milliseconds(results, which):
    values = [r["outbox"]["pipelines"][0]["commit_to_topic"][which] for r in results]
    return f"{sum(values) / len(values):,.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", default="1..5")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", default="docs/outbox.md")
    arguments = parser.parse_args()
    first, last = (int(x) for x in arguments.seeds.split(".."))
    seeds = range(first, last + 1)
    OUT.mkdir(parents=True, exist_ok=True)

    cells = [(pattern, step, None) for pattern, (publishing, _) in PATTERNS.items() for step in [None, *STEPS[publishing]]]
    polled = [p for p in PATTERNS if p in ("outbox, flag", "outbox, cursor below the horizon", "outbox, 4 workers, SKIP LOCKED")]
    cells += [(pattern, None, interval) for pattern in polled for interval in INTERVALS]
    found, broken = {}, []
    with (OUT / "results.jsonl").open("w") as log, ThreadPoolExecutor(arguments.jobs) as pool:
        for number, cell in enumerate(cells):
            pattern, step, interval = cell
            path = OUT / f"{number:03}.json"
            path.write_text(json.dumps(scenario(*PATTERNS[pattern], step, interval), indent=2) + "\n")
            try:
                results = list(pool.map(lambda seed: run(arguments.program, path, seed), seeds))
            except RuntimeError as error:
                print(f"error: {error}", file=sys.stderr)
                return 2
            found[cell] = results
            for seed, result in zip(seeds, results):
                log.write(json.dumps(result) + "\n")
                why = promise(pattern, step, result["outbox"]["pipelines"][0])
                if why:
                    broken.append(f"{pattern}, dies at {step}: {why}; {arguments.program} run {path} --seed {seed}")
            print(f"  {number + 1} of {len(cells)}: {pattern}, {step or 'no crash'} {interval or ''}", file=sys.stderr)

    page = [
        "# What each way to publish events loses, invents, repeats and turns round",
        "",
        "Made by `make outbox-table` (`tools/outbox_table.py`); do not edit. "
        f"{len(seeds)} seeds a row, {BASE['duration']} simulated, 400 operations a second on 20 aggregates, 2 % of them with "
        "300 ms of work, 2 % rolled back; transactions on one aggregate exclude each other. Publishers look every 100 ms "
        f"for {PUBLISHER['batch']} rows at a time. A service dies at every 800th arrival at the step, a publisher at every "
        "20th, and starts again 500 ms later. Numbers are means (least..most) of a run; committed events are those "
        "whose row stands at the end. `bound` is interruptions x batch. A death also cuts off whatever else its process had "
        "under way, which is why a dual write loses events at every step. At after_send and after_publish the requests are on "
        "the wire: the broker appends them, and nobody hears of it. To topic: until the acknowledgement, or the append if "
        "nobody lived to hear of that. What is sent before its commit counts as 0 ms.",
        "",
        "| pattern | dies at | deaths | committed | lost | phantom | duplicated | bound | reordered | commit to topic p50, p99 ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        pattern, step, interval = cell
        if interval:
            continue
        results = found[cell]
        events = [r["outbox"]["pipelines"][0] for r in results]
        column = {k: span([e[k] for e in events]) for k in ("committed", "lost", "phantom", "duplicated", "reordered")}
        deaths = span([r["outbox"]["crashes"] for r in results])
        bound = span([e["interruptions"] * PUBLISHER["batch"] for e in events]) if pattern.startswith("outbox") else "-"
        page.append(f"| {pattern} | {step or '-'} | {deaths} | {column['committed']} | {column['lost']} | {column['phantom']} | "
                    f"{column['duplicated']} | {bound} | {column['reordered']} | {milliseconds(results, 'p50_ms')}, "
                    f"{milliseconds(results, 'p99_ms')} |")
    page += [
        "",
        "## From commit to topic, against the poll interval",
        "",
        "A row waits for the next look, half an interval in the mean, then for its batch: read, send, acknowledgement. "
        "Below the horizon it also waits for every transaction that was open when it committed.",
        "",
        "| pattern | interval | mean ms | p50 ms | p99 ms | max ms |",
        "|---|---|---|---|---|---|",
    ]
    for pattern in polled:
        for interval in INTERVALS:
            results = found[(pattern, None, interval)]
            values = [milliseconds(results, which) for which in ("mean_ms", "p50_ms", "p99_ms", "max_ms")]
            page.append(f"| {pattern} | {interval} | " + " | ".join(values) + " |")
    Path(arguments.out).write_text("\n".join(page) + "\n")
    for line in broken:
        print(f"error: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
