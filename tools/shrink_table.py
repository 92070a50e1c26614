#!/usr/bin/env python3
"""How small failures get: findings of explorations, each shrunk, run again and controlled. Prints a table in Markdown.

Where the failures come from: the museum's search (searches/museum.json) with each planted bug and each rule of an old
release, and searches/first.json, whose losses no defect is behind. Each distinct failure is shrunk with a budget of
processor time (60 s on two cores are 120 s of it, whatever else the machine does). Its file is then run five times: the
same rule and the same fingerprint each time; and once with its cause taken away (the defect, else the faults): it must
hold then. Started again with the same --folder, it goes on where it was (another program wants another folder).

    tools/shrink_table.py build/release/brokersim [--count 30] [--cpu "120 s"] [--jobs 2] [--folder build/shrink-table]
"""
import argparse
import datetime
import json
import os
import re
import resource
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import museum  # the defects, and how each is switched on

AIMS = {"faults": 3, "brokers": 3, "partitions": 1, "records": 10, "seconds": 60}


def run_json(brokersim, file):
    run = subprocess.run([brokersim, "run", file, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 1, 3):
        return None
    return json.loads(run.stdout)


def breaks(result, rule):
    if result is None:
        return False
    if rule == "lost":
        return result["records"]["lost_acknowledged"] > 0
    return any(check["id"] == rule and check["verdict"] == "violated" for check in result["checks"])


def explore(args, spec, name, changes, cpu, first):
    folder = os.path.join(args.folder, name)
    command = [args.brokersim, "explore", spec, "--out", folder, "--runs", "100000", "--cpu", cpu, "--jobs",
               str(args.jobs), "--json"]
    command += ["--first"] if first else []
    for change in changes:
        command += ["--set", change]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return [(os.path.join(folder, finding["folder"]), finding) for finding in json.loads(run.stdout)["findings"]]


def failures(args):
    """(name, file, rule, signature) of distinct failures, the losses first."""
    losses = explore(args, args.losses_spec, "losses", [], args.losses_cpu, False)[:args.losses]
    for folder, finding in losses:
        yield "a real loss", os.path.join(folder, "scenario.json"), finding["rule"], finding["signature"]
    found = len(losses)
    for name, changes, _ in museum.defects(args.brokersim):
        if args.only and args.only not in name:
            continue
        for folder, finding in explore(args, args.spec, re.sub(r"\W+", "-", name), changes, args.search_cpu, True)[:1]:
            if not museum.holds_without(args, folder, finding["rule"]):
                print(f"{name}: {finding['signature']} is seen without the defect, too", file=sys.stderr)
                continue
            found += 1
            yield name, os.path.join(folder, "scenario.json"), finding["rule"], finding["signature"]
        if found >= args.count:
            return


def without_cause(file, target):
    """The scenario without its defects; without its faults where it has no defect."""
    with open(file, encoding="utf-8") as source:
        document = json.load(source)
    with_rules = [s for s in document.get("systems", {}).values() if isinstance(s, dict) and "rules" in s]
    for system in with_rules:
        del system["rules"]
    if not with_rules:
        document.pop("faults", None)
    with open(target, "w", encoding="utf-8") as out:
        json.dump(document, out)


def shrunk(args, name, file, rule, signature):
    """The row: from the notes of an earlier start of the same table, or made now."""
    notes = os.path.join(args.folder, "rows.jsonl")
    if os.path.exists(notes):
        with open(notes, encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if (row["name"], row["signature"], row["file"]) == (name, signature, file):
                    return row
    row = shrink_one(args, name, file, rule, signature)
    if row:
        with open(notes, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
    return row


def shrink_one(args, name, file, rule, signature):
    small = os.path.splitext(file)[0] + ".min.json"
    limit = ["--budget", args.budget] if args.budget else ["--cpu", args.cpu]
    command = [args.brokersim, "shrink", file, "--keep", rule, *limit, "--jobs", str(args.jobs), "--out", small]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if run.returncode not in (0, 1):
        print(f"{name}: {run.stderr}", file=sys.stderr)
        return None
    now = re.search(r"now\s+(\d+) faults?, (\d+) brokers?, (\d+) partitions?, .*, (\d+) records?", run.stdout)
    spent = re.search(r"after (\d+) runs", run.stdout)
    runs = [run_json(args.brokersim, small) for _ in range(5)]
    repeats = all(breaks(r, rule) for r in runs) and len({r["fingerprint"] for r in runs if r}) == 1
    control = os.path.splitext(file)[0] + ".control.json"
    without_cause(small, control)
    fixed = run_json(args.brokersim, control)
    row = {"name": name, "file": file, "signature": signature, "repeats": repeats, "holds": fixed is not None and not breaks(fixed, rule),
           "minimal": "no cut is left" in run.stdout, "runs": int(spent[1]),
           "seconds": cpu / args.cores}
    for key, value in zip(("faults", "brokers", "partitions", "records"), now.groups()):
        row[key] = int(value)
    print(f"{name}: {row}", file=sys.stderr, flush=True)
    return row


def table(rows):
    lines = ["| failure | signature | faults | brokers | partitions | records | s on two cores | runs | 5 times the same | holds without its cause |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for r in rows:
        lines.append(f"| `{r['name']}` | {r['signature']} | {r['faults']} | {r['brokers']} | {r['partitions']} | {r['records']} | "
                     f"{r['seconds']:.1f}{'' if r['minimal'] else ' (ended)'} | {r['runs']} | {'yes' if r['repeats'] else 'NO'} | "
                     f"{'yes' if r['holds'] else 'NO'} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim")
    parser.add_argument("--count", type=int, default=30, help="failures in all")
    parser.add_argument("--losses", type=int, default=8, help="of them real losses, at most")
    parser.add_argument("--losses-cpu", default="60 s", help="for the search for losses")
    parser.add_argument("--spec", default="searches/museum.json")
    parser.add_argument("--losses-spec", default="searches/first.json")
    parser.add_argument("--search-cpu", default="60 s", help="for each defect")
    parser.add_argument("--cpu", default="120 s", help="for each shrink")
    parser.add_argument("--budget", help="of wall time for each shrink, instead of --cpu")
    parser.add_argument("--cores", type=int, default=2, help="by which processor time is divided")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", default="build/shrink-table")
    parser.add_argument("--only", help="the defects whose name holds this")
    args = parser.parse_args()
    rows = [row for failure in failures(args) if (row := shrunk(args, *failure))]
    if not rows:
        sys.exit("no failure was found")
    medians = {key: statistics.median(r[key] for r in rows) for key in AIMS}
    print(f"{datetime.date.today()}: {len(rows)} failures. Medians: " +
          ", ".join(f"{medians[key]:g} {key}{' on two cores' if key == 'seconds' else ''} (aim {aim})" for key, aim in AIMS.items()) + ". "
          f"The same five times: {sum(r['repeats'] for r in rows)}; hold without their cause: {sum(r['holds'] for r in rows)}; "
          f"no cut is left: {sum(r['minimal'] for r in rows)}.\n")
    print(table(rows))
    within = all(medians[key] <= aim for key, aim in AIMS.items())
    return 0 if within and all(r["repeats"] and r["holds"] for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
