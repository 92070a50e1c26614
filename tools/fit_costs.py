"""fit_costs.py PROGRAM DIRECTORY [--jobs N] [--iterations N] [--write FILE]: the profile of cost constants, by least squares.

Minimises the sum of ((ln predicted - ln published) / target)^2 over the scored numbers of the scenarios in DIRECTORY, and of
((ln constant - ln prior) / ln 3)^2 over the constants: Gauss-Newton on logarithms, derivatives by differences of runs with
the same seed. Runs are shortened (see shortened()): a fit needs hundreds of them. Runs that saturate a
disk have nothing to say about these constants and are left out.
Written: values, 95 % intervals, which part of the prior's variance the rows took away, the strongest correlations, the error
on each group of rows when the constants are fitted without it (simulated again, not extrapolated), sensitivities.
`--from FILE` begins at a profile instead of the priors; `--only-write` leaves the values and renews the statistics.
"""
import argparse
import json
import math
import sys
from pathlib import Path

import numpy

from reference_runs import TARGETS, group_of, kind_of, predicted_of, profile_overrides, run_all

# name, prior, unit, source of the prior. Times in ns, per byte in ps. Meanings are those of models/kafka/costs.cpp.
MEASURED = "device-models 5.2: measured primitives, fixed parts times 2 to 3 for a JVM"
FITTED = [
    ("wake_up", 25_000, "ns", "device-models 5.2: eventfd wake 0.9 us hot, 3 to 50 us with idle states of the core"),
    ("receive_request", 6_000, "ns", MEASURED),
    ("send_response", 6_000, "ns", MEASURED),
    ("handle_request", 8_000, "ns", MEASURED),
    ("append_batch", 6_000, "ns", MEASURED),
    ("read_partition", 2_000, "ns", MEASURED),
    ("receive_ps_per_byte", 200, "ps", "device-models 5.2: TCP receive 0.1 to 0.2 ns a byte"),
    ("append_ps_per_byte", 360, "ps", "device-models 5.2: CRC-32C 5.45 GB/s and buffered write 5.7 GB/s"),
    ("fetcher_append_batch", 5_000, "ns", MEASURED),
    ("fetcher_round", 10_000, "ns", MEASURED),
    ("client_request", 20_000, "ns", "as a broker's response and a request: two system calls, a selector round, a JVM's factor"),
    ("client_response", 15_000, "ns", "the same"),
    ("client_batch", 4_000, "ns", "half of a broker's append_batch: no validation of a log"),
    ("client_ps_per_byte", 300, "ps", "device-models 5.2: CRC-32C and a copy to the socket"),
    ("client_record", 700, "ns", "order of a hash map look-up, an allocation and a lock in a JVM: assumption"),
    ("client_record_ps_per_byte", 150, "ps", "device-models 5.2: memcpy 11.4 GB/s, twice"),
    ("client_poll_record", 300, "ns", "a third of send(): assumption"),
]
PRIOR_SIGMA = math.log(3)
STEP = 0.15  # of a logarithm, for derivatives


def raised(scenario, what):
    """Overrides that raise an input of the hardware by 10 %; for the table of sensitivities."""
    if what == "network latency":
        base = 50_000 if scenario["network"].get("same_zone") == "50 us" else 60_000
        return [f'/network/same_zone="{base * 1.1:.0f} ns"']
    out = []
    for i, group in enumerate(scenario["hosts"]):
        hardware = group["hardware"]
        preset = hardware if isinstance(hardware, str) else hardware["preset"]
        known = {} if isinstance(hardware, str) else json.loads(json.dumps(hardware))
        known["preset"] = preset
        if what == "CPU speed":
            known.setdefault("cpu", {})["speed_percent"] = round(SPEEDS.get(preset, 100) * 1.1)
        elif what == "limit of a connection":
            limit = FLOW_LIMITS.get(preset)
            if limit is None:
                continue
            known.setdefault("nic", {})["flow_limit"] = f"{limit * 1.1:.1f} MB/s"
        elif what == "disk write bandwidth":
            if preset != "i3en.2xlarge":
                continue
            known["disks"] = [{"preset": "i3en.2xlarge", "write_bandwidth": "366.8 MB/s"}] * 2
        out.append(f"/hosts/{i}/hardware={json.dumps(known)}")
    return out


SPEEDS = {"li2014": 75}  # percent; others are 100
FLOW_LIMITS = {"i3en.2xlarge": 625.0, "c5n.2xlarge": 625.0, "r5.2xlarge": 625.0}  # MB/s
INPUTS = ["network latency", "CPU speed", "limit of a connection"]


def shortened(scenario):
    """Overrides that make a run short without changing what it settles to."""
    out = []
    workloads = scenario["workloads"]
    if any(workload.get("records") for workload in workloads):
        for i, workload in enumerate(workloads):
            if workload.get("records", 0) > 1_000_000:
                out.append(f"/workloads/{i}/records=1000000")
            elif workload.get("records"):
                out.append(f"/workloads/{i}/records=2000")
            if workload.get("start") == "170 s":
                out.append(f'/workloads/{i}/start="30 s"')
        return out
    if any(workload.get("arrivals") == "closed" for workload in workloads):
        return [f'/workloads/{i}/stop="3 s"' for i, workload in enumerate(workloads) if workload.get("arrivals") == "closed"] + [
            '/duration="4 s"']
    names = [workload["name"] for workload in workloads]
    for i, workload in enumerate(workloads):
        if workload["name"] == "warmup":
            out.append(f'/workloads/{i}/stop="2 s"')
        elif workload["kind"] == "kafka_producer":
            if "warmup" in names:
                out.append(f'/workloads/{i}/start="2 s"')
            out.append(f'/workloads/{i}/stop="6 s"')
    return out + ['/duration="7 s"']


class Fit:
    def __init__(self, arguments):
        self.program, self.jobs = arguments.program, arguments.jobs
        self.rows = []  # (file, scenario, overrides, [(kind, entry)])
        for file in sorted(arguments.directory.glob("*.json")):
            scenario = json.loads(file.read_text())
            if any(word in file.stem for word in arguments.skip.split(",")):
                continue
            scored = [(kind_of(scenario, entry), entry) for entry in scenario.get("published", [])]
            scored = [(kind, entry) for kind, entry in scored if kind]
            if scored:
                self.rows.append((file, scenario, profile_overrides(scenario) + shortened(scenario), scored))
        self.labels = [(file, kind, entry) for file, _, _, scored in self.rows for kind, entry in scored]
        self.groups = [group_of(file) for file, _, _ in self.labels]
        self.runs = 0
        chosen = arguments.constants.split(",") if arguments.constants else [name for name, _, _, _ in FITTED]
        self.fitted = [one for one in FITTED if one[0] in chosen]
        known = {one["name"]: one["value"] for one in json.loads(arguments.start.read_text())["constants"]} if arguments.start else {}
        self.others = [(name, unit, known.get(name, prior)) for name, prior, unit, _ in FITTED if name not in chosen]

    def overrides(self, theta):
        out = []
        values = [(name, unit, value) for (name, _, unit, _), value in zip(self.fitted, numpy.exp(theta))]
        for name, unit, value in values + self.others:
            out.append(f"/systems/kafka/costs/{name}=" + (f'"{round(value)} ns"' if unit == "ns" else str(round(value))))
        return out

    def logs(self, points):
        """ln predicted of all labels, for each of [(theta, input to raise or "")]: one batch of runs."""
        work = [(file, "", [*short, *self.overrides(theta), *(raised(scenario, what) if what else [])])
                for theta, what in points for file, scenario, short, _ in self.rows]
        self.runs += len(work)
        results = run_all(self.program, work, self.jobs)
        for result in results:
            if isinstance(result, Exception):
                raise SystemExit(str(result))
        out, at = [], 0
        for _ in points:
            values = []
            for _, _, _, scored in self.rows:
                values += [max(predicted_of(results[at][0], entry), 1e-9) for _, entry in scored]
                at += 1
            out.append(numpy.log(values))
        return out

    def residuals(self, logs):
        published = numpy.array([math.log(entry["value"]) for _, _, entry in self.labels])
        target = numpy.array([TARGETS[kind] for _, kind, _ in self.labels])
        return (logs - published) / target

    def jacobian(self, theta):
        points = [(theta, "")] + [(theta + STEP * unit, "") for unit in numpy.eye(len(theta))]
        logs = self.logs(points)
        target = numpy.array([TARGETS[kind] for _, kind, _ in self.labels])
        slopes = numpy.stack([(moved - logs[0]) / STEP for moved in logs[1:]], axis=1)
        return logs[0], slopes, slopes / target[:, None]

    def solve(self, theta, residuals, jacobian, keep):
        """One Gauss-Newton step on the rows `keep`, with the priors. A robust weight: a row far off is a fault of the model."""
        prior = numpy.log([p for _, p, _, _ in self.fitted])
        weight = numpy.sqrt(1 / numpy.maximum(1, numpy.abs(residuals[keep]) / 2))
        a = numpy.vstack([jacobian[keep] * weight[:, None], numpy.eye(len(theta)) / PRIOR_SIGMA])
        b = numpy.concatenate([-residuals[keep] * weight, (prior - theta) / PRIOR_SIGMA])
        step, *_ = numpy.linalg.lstsq(a, b, rcond=None)
        return theta + numpy.clip(step, -0.7, 0.7), a


def rms(values):
    return float(numpy.sqrt(numpy.mean(numpy.square(values)))) if len(values) else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--only-write", action="store_true")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--name", default="jvm-1")
    parser.add_argument("--skip", default="-max-", help="rows left out: parts of file names, with commas")
    parser.add_argument("--constants", default="", help="fit these only, with commas; the others stay where they begin")
    parser.add_argument("--linear", action="store_true", help="cross-validation by the derivatives instead of more runs")
    arguments = parser.parse_args()

    fit = Fit(arguments)
    everything = numpy.arange(len(fit.labels))
    prior = numpy.log([p for _, p, _, _ in fit.fitted])
    theta = prior.copy()
    known_values = {}
    if arguments.start:
        known_values = {one["name"]: one["value"] for one in json.loads(arguments.start.read_text())["constants"]}
        theta = numpy.log([known_values.get(name, p) for name, p, _, _ in fit.fitted])
    print(f"{len(fit.rows)} scenarios, {len(fit.labels)} numbers, {len(theta)} constants", flush=True)
    for iteration in range(0 if arguments.only_write else arguments.iterations):
        logs, _, jacobian = fit.jacobian(theta)
        residuals = fit.residuals(logs)
        print(f"iteration {iteration}: rms residual {rms(residuals):.3f}, within target "
              f"{int(numpy.sum(numpy.abs(residuals) <= 1))} of {len(residuals)}, {fit.runs} runs", flush=True)
        theta, _ = fit.solve(theta, residuals, jacobian, everything)
    theta = numpy.log(numpy.maximum(1, numpy.round(numpy.exp(theta), -1)))  # stored as rounded decimals
    logs, slopes, jacobian = fit.jacobian(theta)
    residuals = fit.residuals(logs)
    print(f"end: rms residual {rms(residuals):.3f}, within target {int(numpy.sum(numpy.abs(residuals) <= 1))} of {len(residuals)}")

    _, a = fit.solve(theta, residuals, jacobian, everything)
    covariance = numpy.linalg.inv(a.T @ a) * max(1.0, rms(residuals) ** 2)
    deviation = numpy.sqrt(numpy.diag(covariance))
    correlation = covariance / numpy.outer(deviation, deviation)
    known = 1 - numpy.clip(numpy.diag(numpy.linalg.inv(a.T @ a)) / PRIOR_SIGMA ** 2, 0, 1)

    # Leave a group out: fit without it from here (two linear steps), then run the rows of all groups again.
    cross, points, groups = [], [], sorted(set(fit.groups))
    for group in groups:
        keep = numpy.array([i for i in everything if fit.groups[i] != group])
        moved, _ = fit.solve(theta, residuals, jacobian, keep)
        predicted = residuals + jacobian @ (moved - theta)
        moved, _ = fit.solve(moved, predicted, jacobian, keep)
        points.append((moved, ""))
    target = numpy.array([TARGETS[kind] for _, kind, _ in fit.labels])
    again = [logs + (jacobian @ (moved - theta)) * target for moved, _ in points] if arguments.linear else fit.logs(points)
    for group, left_out in zip(groups, again):
        of = numpy.array([i for i in everything if fit.groups[i] == group])
        cross.append({"group": group, "fitted": round(rms(residuals[of]), 3),
                      "left_out": round(rms(fit.residuals(left_out)[of]), 3)})
    total = [fit.residuals(logs_)[i] for logs_, group in zip(again, groups) for i in everything if fit.groups[i] == group]
    cross.append({"group": "all", "fitted": round(rms(residuals), 3), "left_out": round(rms(numpy.array(total)), 3)})

    inputs = INPUTS
    moved = fit.logs([(theta, what) for what in INPUTS])
    sensitivity = {"inputs": [name for name, _, _, _ in fit.fitted] + inputs, "rows": []}
    for i, (file, _, entry) in enumerate(fit.labels):
        percent = [100 * slope * math.log(1.1) for slope in slopes[i]] + [100 * (m[i] - logs[i]) for m in moved]
        sensitivity["rows"].append({"what": f"{file.stem} {entry['metric'].split('.', 1)[1]}",
                                    "percent": [round(float(p), 2) for p in percent]})
    pairs = sorted(((abs(correlation[i, j]), i, j) for i in range(len(theta)) for j in range(i)), reverse=True)[:6]
    profile = {
        "name": arguments.name,
        "about": "CPU time of a JVM's brokers and clients on the reference machine; written by make fit. models/kafka/costs.cpp "
                 "holds the same values, and a test compares them. Times in ns, per byte in ps.",
        "constants": [{"name": name, "unit": unit, "meaning": "", "prior": p, "source": source,
                       "value": round(float(math.exp(t))), "low": round(float(math.exp(t - 1.96 * d))),
                       "high": round(float(math.exp(t + 1.96 * d))), "known": round(float(k), 3)}
                      for (name, p, unit, source), t, d, k in zip(fit.fitted, theta, deviation, known)] +
                     [{"name": name, "unit": unit, "meaning": "", "prior": p, "source": source,
                       "value": known_values.get(name, p)} for name, p, unit, source in FITTED
                      if name not in [chosen[0] for chosen in fit.fitted]],
        "correlations": [{"a": fit.fitted[i][0], "b": fit.fitted[j][0], "r": round(float(correlation[i, j]), 2)} for _, i, j in pairs],
        "fit": {"numbers": len(residuals), "rms": round(rms(residuals), 3),
                "within_target": int(numpy.sum(numpy.abs(residuals) <= 1)), "runs": fit.runs,
                "left_out": arguments.skip, "cross_validation_by_derivatives": arguments.linear},
        "cross_validation": cross,
        "sensitivity": sensitivity,
    }
    meanings = Path(__file__).parent.parent / "models/kafka/costs.cpp"
    text = meanings.read_text()
    for one in profile["constants"]:
        begin = text.index(f'{{"{one["name"]}"')
        quoted = text[begin:text.index("}", begin)].split('"')
        one["meaning"] = quoted[3]
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(json.dumps(profile, indent=1) + "\n")
    for one in profile["constants"]:
        if "low" in one:
            print(f"{one['name']:28} prior {one['prior']:>8,} fitted {one['value']:>8,} ({one['low']:,} to {one['high']:,}) "
                  f"known {one['known'] * 100:.0f} %")
    for one in cross:
        print(f"{one['group']:28} fitted {one['fitted']:.2f} left out {one['left_out']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
