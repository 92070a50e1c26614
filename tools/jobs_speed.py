#!/usr/bin/env python3
"""What --jobs 2 is worth: one process with two threads beside two processes with one, at the same time.

Both run R1 with other seeds for the same seconds, with every check and the invariants on, so that whatever else the
machine does slows both. Several rounds; printed are finished runs, their ratio, and runs per core-hour of processor time.

    tools/jobs_speed.py build/release/brokersim [--seconds 20] [--rounds 3]
"""
import argparse
import os
import signal
import statistics
import subprocess
import tempfile
import time

R1 = "scenarios/quickstart/r1.json"


def start(brokersim, jobs, first, out):
    return subprocess.Popen([brokersim, "run", R1, "--seeds", f"{first}..{first + 99999}", "--jobs", str(jobs), "--invariants",
                             "--json"], stdout=out, stderr=subprocess.DEVNULL)


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_round(brokersim, seconds):
    with tempfile.TemporaryDirectory(prefix="brokersim-jobs-") as folder:
        outs = [open(os.path.join(folder, name), "wb") for name in ("threads", "one", "other")]
        searches = [start(brokersim, 2, 1, outs[0]), start(brokersim, 1, 200_001, outs[1]), start(brokersim, 1, 400_001, outs[2])]
        time.sleep(seconds)
        cpu = [cpu_of(search.pid) for search in searches]
        for search in searches:
            search.send_signal(signal.SIGKILL)
        for search in searches:
            search.wait()
        runs = []
        for out in outs:
            out.close()
            with open(out.name, "rb") as file:
                runs.append(file.read().count(b"\n"))
        return runs[0], runs[1] + runs[2], cpu[0], cpu[1] + cpu[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("brokersim")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| round | --jobs 2 | two processes | ratio | runs per core-hour, threads | processes |\n|---|---|---|---|---|---|")
    ratios, rates = [], []
    for number in range(1, args.rounds + 1):
        threads, processes, cpu_threads, cpu_processes = one_round(args.brokersim, args.seconds)
        rate_threads, rate_processes = threads / cpu_threads * 3600, processes / cpu_processes * 3600
        ratios.append(rate_threads / rate_processes)
        rates.append(rate_threads)
        print(f"| {number} | {threads} in {cpu_threads:.1f} s | {processes} in {cpu_processes:.1f} s | {threads / processes:.3f} | "
              f"{rate_threads:.0f} | {rate_processes:.0f} |", flush=True)
    print(f"\nmedian by processor time: {statistics.median(ratios):.3f}; R1 with all checks, runs per core-hour: median "
          f"{statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})")


if __name__ == "__main__":
    main()
