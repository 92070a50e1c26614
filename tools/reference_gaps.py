"""reference_gaps.py PROGRAM DIRECTORY [--jobs N]: how often the brokers' collectors pause in runs that nobody gave a rate.

The young generation is full after so many bytes, so the gap between two pauses follows from what a broker receives from
producers and leaders in a second. At a given rate that is an input; in a saturated run it is a prediction, and so it is
taken from the model's own run, never from the published row: each such scenario is run with the gap that stands in it, and
the gap that follows from its predicted rate, rounded to 10 %, is written in its place. Once is enough: a gap that is off by
a tenth moves the rate by less than a percent. make reference does it before it scores.
"""
import argparse
import json
import re
from pathlib import Path

from reference_runs import profile_overrides, run_all, value_of

YOUNG = 1.04e9   # bytes: geometric mean of 5 and 60 % of a heap of 6 GB
GAP = 2.0        # seconds: the preset's mean gap (device-models 5.5), which gap_percent scales


def producers_of(scenario):
    return [w for w in scenario["workloads"] if w["kind"] == "kafka_producer" and w["name"] != "warmup"]


def saturated(scenario):
    jvm = scenario["systems"]["kafka"].get("jvm", {})
    return "gap_percent" in jvm and all(w.get("arrivals") == "saturate" for w in producers_of(scenario))


def gap_of(scenario, result):
    """Percent of the preset's gap, in tens. Every broker receives its share of all copies."""
    producer = producers_of(scenario)[0]
    size, unit = producer["record_size"].split()
    rate = value_of(result, "throughput.records_per_second", producer["name"])
    copies = scenario["systems"]["kafka"]["topics"][0]["replication_factor"]
    received = rate * float(size) * {"B": 1, "KiB": 1024}[unit] * copies / scenario["hosts"][0]["count"]
    return max(10, round(100 * YOUNG / received / GAP / 10) * 10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    files = [file for file in sorted(arguments.directory.glob("*.json")) if saturated(json.loads(file.read_text()))]
    scenarios = [json.loads(file.read_text()) for file in files]
    work = [(file, "", profile_overrides(scenario)) for file, scenario in zip(files, scenarios)]
    for file, scenario, results in zip(files, scenarios, run_all(arguments.program, work, arguments.jobs)):
        if isinstance(results, Exception):
            raise SystemExit(str(results))
        gap, old = gap_of(scenario, results[0]), scenario["systems"]["kafka"]["jvm"]["gap_percent"]
        print(f"{file.stem:56} gap {old} -> {gap} %")
        file.write_text(re.sub(r'("gap_percent": )\d+', rf"\g<1>{gap}", file.read_text()))


if __name__ == "__main__":
    main()
