"""share_table.py PROGRAM [--seeds A..B] [--jobs N] [--write PAGE]: what share groups do with records, a row for each scenario.

Runs scenarios/groups/share-*.json over the seeds given and prints the table (Markdown); with --write it takes the place of the one
between the marks in PAGE. Exits 1 if a run breaks a law or an expectation, 2 if it failed.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- share-table -->", "<!-- end of share-table -->"
# In the order of the page: scenario, what happens in it.
ROWS = {
    "share-group": "four members, one partition, nothing happens",
    "share-member-crash": "a member is killed",
    "share-member-power-loss": "a member's machine loses power (lock 10 s)",
    "share-slow-member": "a member stands still for 20 s (lock 5 s)",
    "share-leader-kill": "the leader is killed",
    "share-coordinator-kill": "the share coordinator is killed",
    "share-poison": "1 % poison, released",
    "share-poison-rejected": "1 % poison, rejected",
    "share-log-start": "too slow; DeleteRecords takes what waits",
    "share-many-faults": "eight faults on brokers, coordinators and members; six members, three partitions, poison",
}


def mean(values):
    value = sum(values) / len(values)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seeds", default="1..20")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--write")
    arguments = parser.parse_args()
    files = {path.stem: path for path in Path("scenarios/groups").glob("share-*.json")}
    if set(files) != set(ROWS):
        print(f"error: no row for {sorted(set(files) ^ set(ROWS))}", file=sys.stderr)
        return 2
    table = ["| scenario | what happens | settled | given again | archived by the limit | with the log | locks ended | of members gone | "
             "p99 ms | max ms |", "|---|---|---|---|---|---|---|---|---|---|"]
    failed = False
    for name, what in ROWS.items():
        command = [arguments.program, "run", str(files[name]), "--seeds", arguments.seeds, "--jobs", arguments.jobs, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1, 3):
            print(f"error: exit code {done.returncode}: {' '.join(command)}\n{done.stderr}", file=sys.stderr)
            return 2
        failed = failed or done.returncode == 1
        runs = [json.loads(line) for line in done.stdout.splitlines()]
        shares = [run["share_groups"] for run in runs]
        settled = [s["accepted"] + s["rejected"] + s["archived_by_limit"] + s["archived_by_log_start"] for s in shares]
        times = [run["latency"]["end_to_end"] for run in runs]
        cells = [f"[{name}](../scenarios/groups/{name}.json)", what, mean(settled)]
        cells += [mean([s[key] for s in shares])
                  for key in ("redelivered", "archived_by_limit", "archived_by_log_start", "lock_expired", "session_ended")]
        cells += [f"{median([t[key] for t in times]):,.0f}" for key in ("p99_ms", "max_ms")]
        table.append("| " + " | ".join(cells) + " |")
        print(table[-1], file=sys.stderr)
    text = "\n".join(table)
    if not arguments.write:
        print(text)
    else:
        page = Path(arguments.write)
        before, rest = page.read_text().split(BEGIN)
        page.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
