"""What the tools for scenarios/reference share: running them, reading published and predicted numbers, scoring.

A published number has a kind by its metric: throughput of a saturated or closed run (target 10 %), p50 (25 %), p99 (a
factor of 1.7); p99.9 is shown only, as pauses of the clients' JVMs are not modelled, and so is the throughput of a
workload that has a rate: it is given, not predicted.
"""
import json
import math
import subprocess
from concurrent.futures import ThreadPoolExecutor

TARGETS = {"throughput": math.log(1.1), "p50": math.log(1.25), "p99": math.log(1.7)}


PROFILE = '/systems/kafka/costs={"profile": "jvm-1"}'


def profile_overrides(scenario):
    """One profile for all rows: for a scenario that names none, too."""
    return [] if scenario["systems"]["kafka"].get("costs") else [PROFILE]


def run(program, path, seeds="", overrides=()):
    """Results of one scenario: a list, one per seed; its own seed without `seeds`."""
    command = [program, "run", str(path), "--json"] + (["--seeds", seeds] if seeds else [])
    for override in overrides:
        command += ["--set", override]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"{path}: exit code {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_all(program, work, jobs):
    """[(path, seeds, overrides)] -> results, in that order; an error instead of a list where a run failed."""
    def one(item):
        try:
            return run(program, *item)
        except RuntimeError as error:
            return error
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, work))


def value_of(result, metric, workload):
    """The metric of the whole run, or of one workload where the result has it apart."""
    value = result.get("workloads", {}).get(workload, result) if workload else result
    for key in metric.split("."):
        value = value[key]
    return float(value)


def predicted_of(result, entry):
    """The prediction as the publisher's clocks would have shown it.

    sent_in_ms: the time of sending was the record's timestamp, whole milliseconds cut off, that of receiving was exact, so
    that what they measured is longer by 0 to 1 ms, evenly: half a millisecond is added. in_ms: printed as whole
    milliseconds, cut off.
    """
    value = value_of(result, entry["metric"], entry.get("of"))
    clock = entry.get("clock", "exact")
    if clock == "sent_in_ms":
        return value + 0.5
    return float(math.floor(value)) if clock == "in_ms" else value


def kind_of(scenario, entry):
    """"throughput", "p50", "p99", or "" for what is shown and not scored."""
    metric = entry["metric"]
    if metric.startswith("throughput"):
        given = any("rate" in workload for workload in scenario["workloads"]
                    if not entry.get("of") or workload["name"] == entry["of"])
        return "" if given else "throughput"
    for kind in ("p50", "p99"):
        if metric.endswith(f".{kind}_ms"):
            return kind
    return ""


def group_of(path):
    """linkedin-2014, streamnative-2020-latency, streamnative-2020-max ...: what is left out together."""
    words = path.stem.split("-")
    return "-".join(words[:3] if len(words) > 2 and words[2] in ("latency", "max", "single") else words[:2])


def within(kind, published, predicted):
    """Whether the prediction meets its target; None for what is not scored."""
    if not kind:
        return None
    if predicted <= 0:
        return False
    if kind == "p99":
        return abs(math.log(predicted / published)) <= TARGETS[kind]
    return abs(predicted / published - 1) <= math.exp(TARGETS[kind]) - 1 + 1e-9
