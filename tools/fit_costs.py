"""fit_costs.py PROGRAM DIRECTORY [--jobs N] [--write FILE] [--name NAME]: the profile of cost constants, from priors to the page.

One command, no steering: it begins at the priors of fit_rows.py and needs nothing but the scenarios in DIRECTORY.
  1 secants of all numbers by all constants, from the priors to three times as much (differences of runs with the same
    seed): what is hidden by another bottleneck at the prior shows within the prior's width;
  2 fitted are the constants of whose prior variance the rows would take away at least a third, the others stay priors;
  3 damped Gauss-Newton steps on logarithms minimise the sum of ((ln predicted - ln published) / target)^2, linear beyond
    twice the target (a row far off is a fault of the model), and of ((ln constant - ln prior) / ln 3)^2; a step that does
    not help is halved; derivatives follow by Broyden's rule and are measured anew at the end;
  4 a second start at three times the priors' CPU times of what is fitted (--starts 2) must come to the same place: printed;
  5 each group of rows is left out in turn and the constants are fitted again by runs to the others, three steps from the
    optimum or from the priors, where these are the better of the two for the others;
  6 confidence, correlations, sensitivities to constants and to the hardware.
Written: values, 95 % intervals, what was learnt of each, cross-validation, sensitivities; with --costs also the values that
runs use, in models/kafka/costs.cpp (a test compares the two).
"""
import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy

from fit_rows import CONSTANTS, INPUTS, PRIOR_SIGMA, Rows

STEP = 0.2      # of a logarithm, for derivatives
REACH = 0.8     # of a logarithm, the longest step of a constant
HUBER = 2.0     # in targets: beyond it a residual counts linearly
LEARNT = 1 / 3  # of the prior's variance


def rms(values):
    return float(numpy.sqrt(numpy.mean(numpy.square(values)))) if len(values) else 0.0


class Fit:
    def __init__(self, rows):
        self.rows = rows
        self.prior = numpy.log([prior for _, prior, _, _ in CONSTANTS])
        self.free = numpy.arange(len(CONSTANTS))
        self.all = numpy.arange(len(rows.labels))

    def cost(self, logs, theta, keep):
        r = numpy.abs(self.rows.residuals(logs)[keep])
        of_rows = numpy.where(r <= HUBER, r ** 2, 2 * HUBER * r - HUBER ** 2).sum()
        return float(of_rows + (((theta - self.prior) / PRIOR_SIGMA) ** 2).sum())

    def derivatives(self, theta, step=STEP):
        """ln predicted at `theta`, and its slopes by the free constants over `step` upwards."""
        moves = [theta + step * numpy.eye(len(theta))[i] for i in self.free]
        logs, *found = self.rows.logs([(one, "") for one in [theta] + moves])
        return logs, numpy.stack([(moved - logs) / step for moved in found], axis=1)

    def system(self, theta, logs, slopes, keep):
        """The weighted equations of one step: rows, then priors."""
        r = self.rows.residuals(logs)[keep]
        weight = numpy.sqrt(numpy.minimum(1, HUBER / numpy.maximum(numpy.abs(r), 1e-9)))
        a = numpy.vstack([slopes[keep] / self.rows.target[keep][:, None] * weight[:, None],
                          numpy.eye(len(self.free)) / PRIOR_SIGMA])
        b = numpy.concatenate([-r * weight, (self.prior - theta)[self.free] / PRIOR_SIGMA])
        return a, b

    def descend(self, theta, logs, slopes, keep, steps, told=""):
        """At most `steps` tried steps; returns the best point, its logs and the slopes as far as Broyden knows them."""
        best, shrink = self.cost(logs, theta, keep), 1.0
        for count in range(steps):
            a, b = self.system(theta, logs, slopes, keep)
            step, *_ = numpy.linalg.lstsq(a, b, rcond=None)
            step = numpy.clip(step, -REACH, REACH) * shrink
            if numpy.max(numpy.abs(step)) < 0.02:
                break
            moved = theta.copy()
            moved[self.free] += step
            there = self.rows.logs([(moved, "")])[0]
            slopes = slopes + numpy.outer(there - logs - slopes @ step, step) / (step @ step)
            value = self.cost(there, moved, keep)
            if told:
                print(f"{told} step {count + 1}: cost {value:.1f} after {best:.1f}, {self.rows.runs} runs", flush=True)
            if value < best:
                theta, logs, best, shrink = moved, there, value, min(1.0, shrink * 2)
            else:
                shrink /= 2
        return theta, logs, slopes

    def screen(self, theta, logs, slopes):
        """Keeps free what the rows know something of; returns the slopes of these alone."""
        a, _ = self.system(theta, logs, slopes, self.all)
        known = 1 - numpy.diag(numpy.linalg.inv(a.T @ a)) / PRIOR_SIGMA ** 2
        chosen = numpy.flatnonzero(known >= LEARNT)
        self.free = self.free[chosen]
        return slopes[:, chosen]

    def left_out(self, theta, logs, slopes, at_prior):
        """[(group, rms fitted with it, rms fitted without it)], by runs."""
        out, every = [], []
        for group in sorted(set(self.rows.groups)):
            of = numpy.array([i for i in self.all if self.rows.groups[i] == group])
            keep = numpy.setdiff1d(self.all, of)
            begin, its = min(((theta, logs), (self.prior, at_prior)), key=lambda start: self.cost(start[1], start[0], keep))
            _, found, _ = self.descend(begin, its, slopes, keep, 3)
            out.append({"group": group, "fitted": round(rms(self.rows.residuals(logs)[of]), 3),
                        "left_out": round(rms(self.rows.residuals(found)[of]), 3)})
            every += list(self.rows.residuals(found)[of])
        return out + [{"group": "all", "fitted": round(rms(self.rows.residuals(logs)), 3), "left_out": round(rms(every), 3)}]


def sensitivity(fit, theta, logs, slopes):
    rows = fit.rows
    moved = rows.logs([(theta, what) for what in INPUTS])
    out = {"inputs": [CONSTANTS[i][0] for i in fit.free] + INPUTS, "rows": []}
    for i, (file, _, entry) in enumerate(rows.labels):
        percent = [100 * slope * math.log(1.1) for slope in slopes[i]] + [100 * (m[i] - logs[i]) for m in moved]
        out["rows"].append({"what": f"{file.stem} {entry['metric'].split('.', 1)[1]}",
                            "percent": [round(float(p), 2) for p in percent]})
    return out


def profile_of(fit, theta, logs, slopes, arguments):
    a, _ = fit.system(theta, logs, slopes, fit.all)
    plain = numpy.linalg.inv(a.T @ a)
    covariance = plain * max(1.0, rms(fit.rows.residuals(logs)) ** 2)
    deviation = numpy.sqrt(numpy.diag(covariance))
    known = 1 - numpy.clip(numpy.diag(plain) / PRIOR_SIGMA ** 2, 0, 1)
    correlation = covariance / numpy.outer(deviation, deviation)
    pairs = sorted(((abs(correlation[i, j]), i, j) for i in range(len(fit.free)) for j in range(i)), reverse=True)[:6]
    source_of_meanings = (Path(__file__).parent.parent / "models/kafka/costs.cpp").read_text()
    place = {constant: p for p, constant in enumerate(fit.free)}
    constants = []
    for i, (name, prior, unit, source) in enumerate(CONSTANTS):
        begin = source_of_meanings.index(f'{{"{name}"')
        meaning = source_of_meanings[begin:source_of_meanings.index("}", begin)].split('"')[3]
        one = {"name": name, "unit": unit, "meaning": meaning, "prior": prior, "source": source, "value": round(math.exp(theta[i]))}
        if i in place:
            p = place[i]
            one |= {"low": round(math.exp(theta[i] - 1.96 * deviation[p])), "high": round(math.exp(theta[i] + 1.96 * deviation[p])),
                    "known": round(float(known[p]), 3)}
        constants.append(one)
    constants.sort(key=lambda one: "low" not in one)
    residuals = fit.rows.residuals(logs)
    return {
        "name": arguments.name,
        "about": "CPU time of a JVM's brokers and clients on the reference machine; written by make fit. models/kafka/costs.cpp "
                 "holds the same values, and a test compares them. Times in ns, per byte in ps.",
        "constants": constants,
        "correlations": [{"a": CONSTANTS[fit.free[i]][0], "b": CONSTANTS[fit.free[j]][0], "r": round(float(correlation[i, j]), 2)}
                         for _, i, j in pairs],
        "fit": {"numbers": len(residuals), "rms": round(rms(residuals), 3),
                "within_target": int(numpy.sum(numpy.abs(residuals) <= 1)), "left_out": arguments.skip},
    }


def rounded(theta):
    """Stored as rounded decimals, three significant digits."""
    def three(value):
        unit = 10 ** max(0, math.floor(math.log10(value)) - 2)
        return max(1, round(value / unit)) * unit
    return numpy.log([three(value) for value in numpy.exp(theta)])


def write_costs(path, profile):
    """The body of jvm_1() in costs.cpp."""
    text = path.read_text()
    begin = text.index("  Costs costs;\n", text.index("constexpr Costs jvm_1()"))
    lines = []
    for one in profile["constants"]:
        value = f"{one['value']:,}".replace(",", "'")
        lines.append(f"  costs.{one['name']} = " + (f"Duration{{{value}}};" if one["unit"] == "ns" else f"{value};"))
    end = text.index("  return costs;\n", begin)
    path.write_text(text[:begin] + "  Costs costs;\n" + "\n".join(lines) + "\n" + text[end:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--costs", type=Path)
    parser.add_argument("--name", default="jvm-1")
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--skip", default="-max-,e2e,unseen", help="rows left out: parts of file names, with commas")
    arguments = parser.parse_args()

    begun = time.monotonic()
    rows = Rows(arguments.program, arguments.directory, arguments.jobs, arguments.skip.split(","))
    fit = Fit(rows)
    print(f"{len(rows.rows)} scenarios, {len(rows.labels)} numbers, {len(CONSTANTS)} constants; start: the priors", flush=True)
    at_prior, slopes = fit.derivatives(fit.prior, PRIOR_SIGMA)
    at_priors = rows.residuals(at_prior)
    print(f"priors: rms residual {rms(at_priors):.2f}, within target {int(numpy.sum(numpy.abs(at_priors) <= 1))}, {rows.runs} runs")
    slopes = fit.screen(fit.prior, at_prior, slopes)
    print("fitted: " + ", ".join(CONSTANTS[i][0] for i in fit.free), flush=True)
    ends = [fit.descend(fit.prior, at_prior, slopes, fit.all, 10, "start 1")]
    for start in range(1, arguments.starts):
        begin = fit.prior.copy()
        begin[fit.free] += math.log(3.0) * (1 if start % 2 else -1)
        first = fit.derivatives(begin)
        ends.append(fit.descend(begin, *first, fit.all, 10, f"start {start + 1}"))
    costs = [fit.cost(end[1], end[0], fit.all) for end in ends]
    theta = rounded(ends[int(numpy.argmin(costs))][0])
    logs, slopes = fit.derivatives(theta)
    profile = profile_of(fit, theta, logs, slopes, arguments)
    profile["fit"] |= {"rms_at_priors": round(rms(at_priors), 3), "ends": [round(cost, 2) for cost in costs]}
    profile["cross_validation"] = fit.left_out(theta, logs, slopes, at_prior)
    profile["sensitivity"] = sensitivity(fit, theta, logs, slopes)
    profile["fit"]["runs"] = rows.runs
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(json.dumps(profile, indent=1) + "\n")
    if arguments.costs:
        write_costs(arguments.costs, profile)
    for one in profile["constants"]:
        if "low" in one:
            print(f"{one['name']:28} prior {one['prior']:>8,} fitted {one['value']:>8,} ({one['low']:,} to {one['high']:,}) "
                  f"known {one['known'] * 100:.0f} %")
    for one in profile["cross_validation"]:
        print(f"{one['group']:28} fitted {one['fitted']:.2f} left out {one['left_out']:.2f}")
    print(f"{rows.runs} runs, {time.monotonic() - begun:.0f} s with {arguments.jobs} jobs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
