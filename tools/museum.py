#!/usr/bin/env python3
"""What it costs to find each known defect with one common search: writes docs/museum.md.

Every planted bug and every rule of an old release is switched on alone, and the same search (searches/museum.json) looks
for a failure: so many searches with other seeds, each with so much processor time. The fixed twin (nothing switched on)
gets the same search and must stay clean.

    tools/museum.py build/release/brokersim [--searches 5] [--cpu "60 s"] [--twin-cpu "300 s"] [--jobs N] [--only NAME]
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile

RULES = "/systems/kafka/rules/"
# Name, changes, what it is. Planted bugs come from the program itself.
OLD_RULES = (
    ("truncation to the high watermark", {"truncation": "high_watermark", "eligible_leader_replicas": False}, "T01, before 0.11"),
    ("truncation by KIP-101", {"truncation": "kip101", "eligible_leader_replicas": False}, "T03, 0.11 to 1.1"),
    ("fetch without epoch", {"truncation": "kip279", "fetch_epoch_fencing": False, "eligible_leader_replicas": False},
     "T04, before KIP-320"),
    ("consumer without offset validation", {"consumer_offset_validation": False}, "T06, before KIP-320"),
    ("shutting down rejoins the ISR", {"isr_admits_only_active": False, "eligible_leader_replicas": False},
     "I05, KAFKA-13916"),
    ("ISR without broker epoch", {"isr_checks_broker_epoch": False}, "KIP-903, before 3.5"),
    ("high watermark below the minimum ISR", {"strict_min_isr": False}, "KAFKA-15583, before 3.7"),
    ("last known leader must be dead", {"last_known_leader_must_live": False}, "D11, KAFKA-19522"),
    ("logs by topic name", {"topic_ids": False, "eligible_leader_replicas": False}, "L07, before KIP-516"),
)


def planted(brokersim):
    """The names that the schema allows."""
    schema = json.loads(subprocess.run([brokersim, "schema"], check=True, capture_output=True, text=True).stdout)
    text = json.dumps(schema)
    at = text.index('"planted"')
    names = text[text.index('"enum"', at):]
    return json.loads(names[names.index("["):names.index("]") + 1])


def defects(brokersim):
    for name in planted(brokersim):
        yield name, [f'{RULES}planted=["{name}"]'], "planted"
    for name, rules, what in OLD_RULES:
        yield name, [f"{RULES}{rule}={json.dumps(value)}" for rule, value in rules.items()], what


def search(args, changes, seed, cpu):
    with tempfile.TemporaryDirectory(prefix="brokersim-museum-") as folder:
        command = [args.brokersim, "explore", args.spec, "--out", os.path.join(folder, "out"), "--runs", "1000000",
                   "--cpu", cpu, "--seed", str(seed), "--jobs", str(args.jobs), "--json"]
        for change in changes:
            command += ["--set", change]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}\n{run.stderr}")
        result = json.loads(run.stdout)
        result["findings"] = [f for f in result["findings"]
                              if not changes or holds_without(args, os.path.join(folder, "out", f["folder"]), f["rule"])]
        return result


def holds_without(args, folder, rule):
    """Whether the finding's scenario keeps the rule once nothing is switched on: else the defect is not what was seen."""
    with open(os.path.join(folder, "scenario.json"), encoding="utf-8") as file:
        scenario = json.load(file)
    scenario["systems"]["kafka"].pop("rules", None)
    fixed = os.path.join(folder, "fixed.json")
    with open(fixed, "w", encoding="utf-8") as file:
        json.dump(scenario, file)
    run = subprocess.run([args.brokersim, "run", fixed, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 1, 3):
        return False
    checks = json.loads(run.stdout)["checks"]
    return all(check["id"] != rule or check["verdict"] != "violated" for check in checks)


def row(args, name, changes, what):
    costs, laws, runs = [], [], []
    for seed in range(1, args.searches + 1):
        result = search(args, changes, seed, args.cpu)
        if result["findings"]:
            finding = result["findings"][0]
            costs.append(finding["cpu_seconds_until_found"])
            runs.append(finding["runs_until_found"])
            laws.append(finding["signature"])
        else:
            runs.append(result["runs"])
        print(f"{name}, search {seed}: " + (f"{laws[-1]} after {runs[-1]} runs, {costs[-1]:.1f} s"
                                            if result["findings"] else f"nothing in {runs[-1]} runs"),
              file=sys.stderr, flush=True)
    found = len(costs)
    cost = f"{statistics.median(costs):.1f}" if costs else ""
    seen = max(set(laws), key=laws.count) if laws else ""
    print(f"| `{name}` | {what} | {found} of {args.searches} | {cost} | {statistics.median(runs):.0f} | {seen} |", flush=True)
    return {"name": name, "what": what, "found": found, "cost": cost, "runs": statistics.median(runs), "seen": seen}


def page(args, rows, twin, spec_hash):
    always = sum(1 for r in rows if r["found"] == args.searches)
    ever = sum(1 for r in rows if r["found"] > 0)
    lines = [
        "# The museum",
        "",
        "`make museum` writes this page. Every planted bug and every rule of an old release is switched on alone, and one common",
        f"search ([searches/museum.json](../searches/museum.json), hash `{spec_hash}`), which knows of none of them, looks for a",
        f"failure: {args.searches} searches with other seeds, each of at most {args.cpu} of processor time. A search that ends empty is",
        "counted as such, and a finding that the fixed scenario shows, too, is none of the defect's. What is seen is the law that was broken and the kinds of faults that it needed.",
        "",
        f"{datetime.date.today()}: found in every search {always} of {len(rows)}, in at least one {ever}. The fixed twin, nothing switched",
        f"on: {twin['failing']} failing of {twin['runs']} runs in {twin['cpu_seconds']:.0f} s of processor time.",
        "",
        "| defect | what | found | median s of processor time | median runs | seen by (most often) |",
        "|---|---|---|---|---|---|",
    ]
    for r in rows:
        lines.append(f"| `{r['name']}` | {r['what']} | {r['found']} of {args.searches} | {r['cost']} | {r['runs']:.0f} | {r['seen']} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim")
    parser.add_argument("--spec", default="searches/museum.json")
    parser.add_argument("--searches", type=int, default=5)
    parser.add_argument("--cpu", default="60 s")
    parser.add_argument("--twin-cpu", default="300 s")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", help="only the defects whose name holds this")
    parser.add_argument("--write", help="file for the page; without --only")
    args = parser.parse_args()
    twin = search(args, [], 1, args.twin_cpu)
    print(f"search {twin['search']}; fixed twin: {twin['failing']} failing of {twin['runs']} runs, "
          f"{twin['cpu_seconds']:.0f} s, {twin['cells']} cells")
    print("| defect | what | found | median s of processor time | median runs | seen by |\n|---|---|---|---|---|---|")
    rows = [row(args, name, changes, what) for name, changes, what in defects(args.brokersim)
            if not args.only or any(part in name for part in args.only)]
    if args.write and not args.only:
        with open(args.write, "w", encoding="utf-8") as file:
            file.write(page(args, rows, twin, twin["search"]))
    return 0 if twin["failing"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
