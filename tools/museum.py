#!/usr/bin/env python3
"""What it costs to find each known defect with one common search: writes docs/museum.md.

Every planted bug and every rule of an old release is switched on alone, and the same search (searches/museum.json) looks
for a failure: so many searches with other seeds, each with so much processor time. The fixed twin (nothing switched on)
gets the same search and must stay clean.

    tools/museum.py build/release/brokersim [--searches 5] [--cpu "60 s"] [--twin-cpu "300 s"] [--jobs N] [--only NAME]
                     [--notes FILE] [--write docs/museum.md]
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
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


def explored(args, changes, seed, cpu, folder, first):
    command = [args.brokersim, "explore", args.spec, "--out", folder, "--runs", "1000000", "--cpu", cpu, "--seed", str(seed),
               "--jobs", str(args.jobs), "--json"] + (["--first"] if first else [])
    for change in changes:
        command += ["--set", change]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return json.loads(run.stdout)


def search(args, changes, seed, cpu):
    """Ends with the first finding that is the defect's own; without changes it goes on to the end."""
    with tempfile.TemporaryDirectory(prefix="brokersim-museum-") as folder:
        out = os.path.join(folder, "out")
        for first in (True, False) if changes else (False,):
            result = explored(args, changes, seed, cpu, out, first)
            result["findings"] = [f for f in result["findings"]
                                  if not changes or holds_without(args, os.path.join(out, f["folder"]), f["rule"])]
            if result["findings"] or not first:
                break
        if not changes and args.keep:
            shutil.copytree(out, args.keep, dirs_exist_ok=True)
        return result


def holds_without(args, folder, rule):
    """Whether the finding's scenario keeps the rule once nothing is switched on: else the defect is not what was seen."""
    with open(os.path.join(folder, "scenario.json"), encoding="utf-8") as file:
        scenario = json.load(file)
    rules = scenario["systems"]["kafka"].pop("rules", {})
    if not rules.get("eligible_leader_replicas", True):  # what old rules are searched with is none of the defect
        scenario["systems"]["kafka"]["rules"] = {"eligible_leader_replicas": False}
    fixed = os.path.join(folder, "fixed.json")
    with open(fixed, "w", encoding="utf-8") as file:
        json.dump(scenario, file)
    run = subprocess.run([args.brokersim, "run", fixed, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 1, 3):
        return False
    checks = json.loads(run.stdout)["checks"]
    return all(check["id"] != rule or check["verdict"] != "violated" for check in checks)


def searched(args, name, changes, seed):
    """One search's line: from the notes of an earlier start of the same searches, or made now."""
    notes = {}
    if args.notes and os.path.exists(args.notes):
        with open(args.notes, encoding="utf-8") as file:
            notes = {(n["spec"], n["program"], n["name"], n["seed"]): n for n in map(json.loads, file)}
    known = notes.get((args.hash, args.program, name, seed))
    if known or args.so_far:
        return known
    result = search(args, changes, seed, args.cpu if changes else args.twin_cpu)
    line = {"spec": args.hash, "program": args.program, "name": name, "seed": seed, "runs": result["runs"], "failing": result["failing"],
            "cpu": result["cpu_seconds"], "cells": result["cells"], "invalid": result["invalid"], "found": None}
    if result["findings"]:
        finding = result["findings"][0]
        line["found"] = {"signature": finding["signature"], "runs": finding["runs_until_found"],
                         "failing_at": finding["cpu_seconds_until_failing"], "found_at": finding["cpu_seconds_until_found"]}
    if args.notes:
        with open(args.notes, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return line


def row(args, name, changes, what):
    lines = []
    for seed in range(1, args.searches + 1):
        line = searched(args, name, changes, seed)
        if not line:
            continue
        lines.append(line)
        found = line["found"]
        print(f"{name}, search {seed}: " + (f"{found['signature']} after {found['runs']} runs, {found['failing_at']:.1f} s"
                                            if found else f"nothing in {line['runs']} runs"), file=sys.stderr, flush=True)
    hits = [line["found"] for line in lines if line["found"]]
    costs = [hit["failing_at"] for hit in hits]
    laws = [hit["signature"] for hit in hits]
    if not lines:
        return {"name": name, "what": what, "found": 0, "of": 0, "cost": "", "worst": "", "runs": 0, "seen": "not searched for"}
    return {"name": name, "what": what, "found": len(hits), "of": len(lines), "cost": f"{statistics.median(costs):.1f}" if costs else "",
            "worst": f"{max(costs):.1f}" if costs else "",
            "runs": statistics.median(line["found"]["runs"] if line["found"] else line["runs"] for line in lines),
            "seen": max(sorted(set(laws)), key=laws.count) if laws else "nothing"}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else "unknown"


def page(args, rows, twin):
    always = sum(1 for r in rows if r["found"] == args.searches)
    ever = sum(1 for r in rows if r["found"] > 0)
    searched = [r for r in rows if r["of"] > 0]
    short = sum(1 for r in searched if r["of"] < args.searches)
    costs = [float(r["cost"]) for r in rows if r["cost"]]
    lines = [
        "# The museum",
        "",
        "`make museum` writes this page. Every planted bug and every rule of an old release is switched on alone, and one common",
        f"search ([searches/museum.json](../searches/museum.json), hash `{args.hash}`), which knows of none of them, looks for a",
        f"failure: {args.searches} searches with other seeds, each of at most {args.cpu} of processor time. A search that ends empty is",
        "counted as such, and a finding that the fixed scenario shows, too, is none of the defect's. The time is that of the search until",
        "a trial failed, the rest of its generation included. What is seen is the law that was broken and the kinds of faults that it needed.",
        "",
        f"{datetime.date.today()}, {machine()}: of {len(rows)} defects {len(rows) - len(searched)} were not searched for; of the"
        f" {len(searched)} others **{always} were found in every search, {ever} in at least one, {len(searched) - ever} in none**"
        + (f" ({short} of them had fewer than {args.searches} searches)" if short else "") + f"; median over the defects {statistics.median(costs):.1f} s of processor time, the slowest"
        f" {max(float(r['worst']) for r in rows if r['worst']):.1f} s. The fixed twin, nothing switched",
        f"on: {twin['failing']} failing of {twin['runs']} runs in {twin['cpu']:.0f} s of processor time ({twin['cells']} cells of the map of"
        f" coverage reached).",
        "",
        "| defect | what | found | median s of processor time | slowest | median runs | seen by (most often) |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        lines.append(f"| `{r['name']}` | {r['what']} | {r['found']} of {r['of']} | {r['cost']} | {r['worst']} | {r['runs']:.0f} | {r['seen']} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim")
    home = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
    parser.add_argument("--spec", default=os.path.normpath(os.path.join(home, "searches", "museum.json")))
    parser.add_argument("--searches", type=int, default=5)
    parser.add_argument("--cpu", default="60 s")
    parser.add_argument("--twin-cpu", default="300 s")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", help="only the defects whose name holds this; \"twin\" is the fixed one")
    parser.add_argument("--notes", help="file of finished searches: the same command goes on from there")
    parser.add_argument("--keep", help="folder for what the fixed twin's search leaves")
    parser.add_argument("--so-far", action="store_true", help="only what --notes has: the page of unfinished searches")
    parser.add_argument("--write", help="file for the page; without --only")
    args = parser.parse_args()
    args.brokersim = shutil.which(args.brokersim) or sys.exit(f"{args.brokersim} is no program: make build makes it")
    # One trial, for the search's hash; the program by its own fingerprint.
    with tempfile.TemporaryDirectory(prefix="brokersim-museum-") as folder:
        run = subprocess.run([args.brokersim, "explore", args.spec, "--out", os.path.join(folder, "out"), "--runs", "1", "--json"],
                             capture_output=True, text=True)
        if run.returncode not in (0, 1, 3):
            sys.exit(run.stderr.strip() or f"{args.brokersim} explore {args.spec} ended with {run.returncode}")
        args.hash = json.loads(run.stdout)["search"]
    with open(args.brokersim, "rb") as file:
        args.program = hashlib.sha256(file.read()).hexdigest()[:16]
    wanted = [defect for defect in [("twin", [], "fixed"), *defects(args.brokersim)]
              if not args.only or any(part in defect[0] for part in args.only)]
    twin = None
    if wanted and wanted[0][0] == "twin":
        wanted.pop(0)
        twin = searched(args, "twin", [], 1)
        twin = twin or {"failing": 0, "runs": 0, "cpu": 0, "cells": 0}
        print(f"search {args.hash}; fixed twin: {twin['failing']} failing of {twin['runs']} runs, {twin['cpu']:.0f} s, "
              f"{twin['cells']} cells", file=sys.stderr, flush=True)
    rows = [row(args, *defect) for defect in wanted]
    for r in rows:
        print(f"{r['name']}: {r['found']} of {r['of']}, {r['cost'] or '-'} s, {r['seen']}")
    if twin and rows:
        text = page(args, rows, twin)
        if args.write and not args.only:
            with open(args.write, "w", encoding="utf-8") as file:
                file.write(text)
    return 0 if not twin or twin["failing"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
