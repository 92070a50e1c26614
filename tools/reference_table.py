"""reference_table.py PROGRAM DIRECTORY [--jobs N]: predicted beside published, whatever the error is.

Every scenario in DIRECTORY names what was published ("published": metric, value, source); this runs it once with its
own seed and prints both. A metric is a path into the result of `run --json`. Nothing fails on the size of an error;
exit code 2 if a run failed or a metric is not in its result.
"""
import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def run(program, path):
    done = subprocess.run([program, "run", str(path), "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"{path}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def value_of(result, metric, workload):
    """The metric of the whole run, or of one workload where the result has it apart."""
    value = result.get("workloads", {}).get(workload, result) if workload else result
    for key in metric.split("."):
        value = value[key]
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()

    files = sorted(arguments.directory.glob("*.json"))
    if not files:
        print(f"error: no scenario in {arguments.directory}", file=sys.stderr)
        return 2
    scenarios = [json.loads(file.read_text()) for file in files]
    code = 0
    print(f"{'scenario':32} {'metric':34} {'published':>12} {'predicted':>12} {'error':>8} {'wall s':>7}")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for file, scenario, future in [(f, s, pool.submit(run, arguments.program, f)) for f, s in zip(files, scenarios)]:
            try:
                result = future.result()
            except RuntimeError as error:
                print(f"error: {error}", file=sys.stderr)
                code = 2
                continue
            published = scenario.get("published", [])
            if not published:
                print(f"{file.stem:32} {'nothing published is named':34}")
            for entry in published:
                wanted = float(entry["value"])
                try:
                    value = float(value_of(result, entry["metric"], entry.get("of")))
                except (KeyError, TypeError):
                    print(f"error: {file}: the result has no {entry['metric']}", file=sys.stderr)
                    code = 2
                    continue
                print(f"{file.stem:32} {entry['metric']:34} {wanted:12,.6g} {value:12,.6g} {(value / wanted - 1) * 100:+7.1f}% "
                      f"{result['wall_seconds']:7.1f}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
