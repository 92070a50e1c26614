#!/usr/bin/env python3
"""What a sweep from Python costs: beside the command line's on the same runs, and two workers beside two independent processes.

R1 with three settings of linger.ms, the same seeds for both sides of a pair. The two sides of a pair run one after the other, and the
next pair in the other order, so that what else the machine does falls on both alike. A ratio above 1 favours the first side. Wall
time is from the first call to the last answer (interpreters and imports are over by then; the command line's start is counted);
processor time is of all threads. Prints every pair, then median and range.

    PYTHONPATH=build/release/python tools/sweep_speed.py build/release/brokersim [--pairs 9] [--seeds 24]
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

SCENARIO = "scenarios/quickstart/r1.json"
POINTER, VALUES = "/workloads/0/config/linger.ms", [0, 5, 20]


def worker(first, last, jobs):
    """In a process of its own: says when it is ready, sweeps when told, prints begin, end (monotonic s) and processor seconds."""
    import brokersim

    scenario = brokersim.Scenario.load(SCENARIO)
    print("ready", flush=True)
    sys.stdin.readline()
    used = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.monotonic()
    rows = brokersim.sweep(scenario, {POINTER: VALUES}, seeds=range(first, last + 1), jobs=jobs)
    end = time.monotonic()
    now = resource.getrusage(resource.RUSAGE_SELF)
    assert len(rows) == len(VALUES) * (last - first + 1)
    print(begin, end, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime, flush=True)


def python(parts, jobs):
    """Wall and processor seconds of Python sweeps over these (first, last) seeds, each in a process, all at once."""
    command = [sys.executable, __file__, "--worker", str(jobs)]
    workers = [subprocess.Popen([*command, str(first), str(last)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for first, last in parts]
    for one in workers:
        if one.stdout.readline() != "ready\n":
            raise RuntimeError("a worker did not start")
    for one in workers:
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [list(map(float, one.communicate()[0].split())) for one in workers]
    return max(s[1] for s in said) - min(s[0] for s in said), sum(s[2] for s in said)


def command_line(program, seeds, jobs):
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([program, "sweep", SCENARIO, "--vary", f"{POINTER}={','.join(map(str, VALUES))}", "--seeds", f"1..{seeds}", "--jobs", str(jobs), "--json"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"the command line's sweep ended with {done.returncode}")
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(title, runs, pairs, ours, theirs):
    print(f"\n{title}, {runs} runs a side\n\n| pair | first s | second s | wall ratio | processor ratio |\n|---|---|---|---|---|")
    walls, used = [], []
    for number in range(pairs):
        sides = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        took = {side: side() for side in sides}
        (wall_a, cpu_a), (wall_b, cpu_b) = took[ours], took[theirs]
        walls.append(wall_b / wall_a)
        used.append(cpu_b / cpu_a)
        print(f"| {number + 1} | {wall_a:.2f} | {wall_b:.2f} | {walls[-1]:.3f} | {used[-1]:.3f} |", flush=True)
    for name, ratios in (("wall", walls), ("processor", used)):
        print(f"{name} time: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seeds", type=int, default=24, help="an even number")
    args = parser.parse_args()
    half, runs = args.seeds // 2, args.seeds * len(VALUES)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for jobs in (1, 2):
        compare(f"Python's sweep against the command line's, {jobs} worker{'s' if jobs > 1 else ''}", runs, args.pairs,
                lambda jobs=jobs: python([(1, args.seeds)], jobs), lambda jobs=jobs: command_line(args.brokersim, args.seeds, jobs))
    compare("Two workers against two independent processes", runs, args.pairs,
            lambda: python([(1, args.seeds)], 2), lambda: python([(1, half), (half + 1, args.seeds)], 1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[2]))
    else:
        main()
