"""fit_costs.py PROGRAM DIRECTORY [--jobs N] [--write FILE] [--name NAME]: the profile of cost constants, from priors to the page.

One command, no steering: it begins at the priors of fit_rows.py and needs nothing but the scenarios in DIRECTORY. Fitted
are factors, each on all constants of one nature.
  1 secants of all numbers by all factors, from the priors to one standard deviation more (differences of runs with the same
    seed): what is hidden by another bottleneck at the prior shows within the prior's width; factors of whose prior variance
    the rows would take away less than a third stay at their priors;
  2 damped Gauss-Newton steps on logarithms minimise the sum of ((ln predicted - ln published) / target)^2, linear beyond
    twice the target (a row far off is a fault of the model), and of (ln factor / its prior's deviation)^2; a step that does
    not help is halved; derivatives follow by Broyden's rule, are measured anew at the end, and the steps go on from there;
  3 each group is left out in turn and the factors are fitted again by runs to the others, from the priors;
  4 confidence, correlations, sensitivities to factors and to the hardware.
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

from fit_rows import CONSTANTS, FACTORS, INPUTS, Rows, values_of

STEP = 0.2      # of a logarithm, for derivatives
REACH = 0.8     # of a logarithm, the longest step of a factor
HUBER = 2.0     # in targets: beyond it a residual counts linearly
LEARNT = 0.02   # of the prior's variance, looked at from the priors


def rms(values):
    return float(numpy.sqrt(numpy.mean(numpy.square(values)))) if len(values) else 0.0


class Fit:
    def __init__(self, rows):
        self.rows = rows
        self.prior = numpy.log([prior for _, prior, _, _ in FACTORS])
        self.sigma = numpy.array([sigma for _, _, sigma, _ in FACTORS])
        self.free = numpy.arange(len(FACTORS))
        self.all = numpy.arange(len(rows.labels))
        self.of_group = {group: numpy.array([i for i in self.all if rows.groups[i] == group]) for group in sorted(set(rows.groups))}

    def cost(self, logs, theta, keep):
        r = numpy.abs(self.rows.residuals(logs)[keep])
        of_rows = numpy.where(r <= HUBER, r ** 2, 2 * HUBER * r - HUBER ** 2).sum()
        return float(of_rows + (((theta - self.prior) / self.sigma) ** 2).sum())

    def derivatives(self, theta, steps):
        """ln predicted at `theta`, and its slopes by the free factors over `steps` upwards."""
        moves = [theta + steps[i] * numpy.eye(len(theta))[i] for i in self.free]
        logs, *found = self.rows.logs([(one, "") for one in [theta] + moves])
        return logs, numpy.stack([(moved - logs) / steps[i] for i, moved in zip(self.free, found)], axis=1)

    def system(self, theta, logs, slopes, keep):
        """The weighted equations of one step: rows, then priors."""
        r = self.rows.residuals(logs)[keep]
        weight = numpy.sqrt(numpy.minimum(1, HUBER / numpy.maximum(numpy.abs(r), 1e-9)))
        of_prior = 1 / self.sigma[self.free]
        a = numpy.vstack([slopes[keep] / self.rows.target[keep][:, None] * weight[:, None], numpy.diag(of_prior)])
        b = numpy.concatenate([-r * weight, (self.prior - theta)[self.free] * of_prior])
        return a, b

    def step(self, theta, logs, slopes, keep):
        a, b = self.system(theta, logs, slopes, keep)
        return numpy.linalg.lstsq(a, b, rcond=None)[0]

    def descend(self, theta, logs, slopes, keep, steps, told=""):
        """At most `steps` tried steps; returns the best point, its logs and the slopes as far as Broyden knows them."""
        best, shrink = self.cost(logs, theta, keep), 1.0
        for count in range(steps):
            step = numpy.clip(self.step(theta, logs, slopes, keep), -REACH, REACH) * shrink
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

    def known(self, theta, logs, slopes):
        """The part of each free factor's prior variance that the rows take away."""
        a, _ = self.system(theta, logs, slopes, self.all)
        return 1 - numpy.diag(numpy.linalg.inv(a.T @ a)) / self.sigma[self.free] ** 2

    def screen(self, theta, logs, slopes):
        """Keeps free what the rows know something of; returns the slopes of these alone."""
        chosen = numpy.flatnonzero(self.known(theta, logs, slopes) >= LEARNT)
        self.free = self.free[chosen]
        return slopes[:, chosen]

    def left_out(self, logs, slopes, at_prior):
        """Each group: its residuals fitted with it and without it, by runs from the priors."""
        out, every = [], []
        r = self.rows.residuals(logs)

        def entry(group, of, without, **more):
            return {"group": group, "numbers": len(of), "fitted": round(rms(r[of]), 3), "left_out": round(rms(without), 3),
                    "within": int(numpy.sum(numpy.abs(r[of]) <= 1)), "within_left_out": int(numpy.sum(numpy.abs(without) <= 1)), **more}

        for group, of in self.of_group.items():
            there, found, _ = self.descend(self.prior, at_prior, slopes, numpy.setdiff1d(self.all, of), 5, f"without {group}")
            without = self.rows.residuals(found)[of]
            factors = {FACTORS[i][0]: round(math.exp(there[i]), 2) for i in self.free}
            out.append(entry(group, of, without, factors=factors))
            every.append(without)
        order = numpy.concatenate(list(self.of_group.values()))
        return out + [entry("all", order, numpy.concatenate(every))]


def sensitivity(fit, theta, logs, slopes):
    rows = fit.rows
    moved = rows.logs([(theta, what) for what in INPUTS])
    out = {"inputs": [FACTORS[i][0] for i in fit.free] + INPUTS, "rows": []}
    for i, (file, _, entry) in enumerate(rows.labels):
        percent = [100 * slope * math.log(1.1) for slope in slopes[i]] + [100 * (m[i] - logs[i]) for m in moved]
        out["rows"].append({"what": f"{file.stem} {entry['metric'].split('.', 1)[1]}",
                            "percent": [round(float(p), 2) for p in percent]})
    return out


def profile_of(fit, theta, logs, slopes, arguments):
    a, _ = fit.system(theta, logs, slopes, fit.all)
    plain = numpy.linalg.inv(a.T @ a)
    residuals = fit.rows.residuals(logs)
    covariance = plain * max(1.0, rms(residuals) ** 2)
    deviation = numpy.sqrt(numpy.diag(covariance))
    known = fit.known(theta, logs, slopes)
    correlation = covariance / numpy.outer(deviation, deviation)
    pairs = sorted(((abs(correlation[i, j]), i, j) for i in range(len(fit.free)) for j in range(i)), reverse=True)[:6]
    source_of_meanings = (Path(__file__).parent.parent / "models/kafka/costs.cpp").read_text()
    factors = [{"name": name, "about": about, "prior": prior, "prior_deviation": round(sigma, 3), "value": round(math.exp(theta[i]), 2)}
               for i, (name, prior, sigma, about) in enumerate(FACTORS)]
    for place, i in enumerate(fit.free):
        factors[i] |= {"low": round(math.exp(theta[i] - 1.96 * deviation[place]), 2),
                       "high": round(math.exp(theta[i] + 1.96 * deviation[place]), 2), "known": round(float(known[place]), 3)}
    constants = []
    for (name, prior, unit, factor, source), value in zip(CONSTANTS, values_of(theta)):
        begin = source_of_meanings.index(f'{{"{name}"')
        meaning = source_of_meanings[begin:source_of_meanings.index("}", begin)].split('"')[3]
        constants.append({"name": name, "unit": unit, "meaning": meaning, "factor": factor, "prior": prior, "source": source,
                          "value": value})
    return {
        "name": arguments.name,
        "about": "CPU time of a JVM's brokers and clients on the reference machine; written by make fit. models/kafka/costs.cpp "
                 "holds the same values, and a test compares them. Times in ns, per byte in ps. A value is its prior times its "
                 "factor.",
        "factors": factors,
        "constants": constants,
        "correlations": [{"a": FACTORS[fit.free[i]][0], "b": FACTORS[fit.free[j]][0], "r": round(float(correlation[i, j]), 2)}
                         for _, i, j in pairs],
        "fit": {"numbers": len(residuals), "rms": round(rms(residuals), 3),
                "within_target": int(numpy.sum(numpy.abs(residuals) <= 1)), "left_out": arguments.skip},
    }


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
    parser.add_argument("--skip", default="-max-,e2e,unseen", help="rows left out: parts of file names, with commas")
    arguments = parser.parse_args()

    begun = time.monotonic()
    rows = Rows(arguments.program, arguments.directory, arguments.jobs, arguments.skip.split(","))
    fit = Fit(rows)
    print(f"{len(rows.rows)} scenarios, {len(rows.labels)} numbers, {len(FACTORS)} factors on {len(CONSTANTS)} constants; "
          "start: the priors", flush=True)
    at_prior, of_prior = fit.derivatives(fit.prior, fit.sigma)
    at_priors = rows.residuals(at_prior)
    print(f"priors: rms residual {rms(at_priors):.2f}, within target {int(numpy.sum(numpy.abs(at_priors) <= 1))}, {rows.runs} runs")
    of_prior = fit.screen(fit.prior, at_prior, of_prior)
    print("fitted: " + ", ".join(FACTORS[i][0] for i in fit.free), flush=True)
    steps = numpy.full(len(FACTORS), STEP)
    theta, logs, _ = fit.descend(fit.prior, at_prior, of_prior, fit.all, 6, "all rows")
    logs, slopes = fit.derivatives(theta, steps)
    moved, _, _ = fit.descend(theta, logs, slopes, fit.all, 4, "all rows, again")
    if moved is not theta:
        theta, (logs, slopes) = moved, fit.derivatives(moved, steps)
    profile = profile_of(fit, theta, logs, slopes, arguments)
    profile["fit"]["rms_at_priors"] = round(rms(at_priors), 3)
    profile["cross_validation"] = fit.left_out(logs, slopes, at_prior)
    profile["sensitivity"] = sensitivity(fit, theta, logs, slopes)
    profile["fit"]["runs"] = rows.runs
    if arguments.write:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(json.dumps(profile, indent=1) + "\n")
    if arguments.costs:
        write_costs(arguments.costs, profile)
    for (file, kind, entry), residual in zip(rows.labels, rows.residuals(logs)):
        print(f"{file.stem:44} {kind:10} {entry['metric']:34} {residual:+.2f} targets")
    for one in profile["factors"]:
        print(f"{one['name']:10} {one['value']}" + (f" ({one['low']} to {one['high']}) known {one['known'] * 100:.0f} %" if "low" in one else " held"))
    for one in profile["cross_validation"]:
        print(f"{one['group']:28} fitted {one['fitted']:.2f} left out {one['left_out']:.2f}, within {one['within']} and "
              f"{one['within_left_out']} of {one['numbers']} {one.get('factors', '')}")
    print(f"{rows.runs} runs, {time.monotonic() - begun:.0f} s with {arguments.jobs} jobs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
