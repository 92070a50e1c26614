"""bench.py BUILD_DIR: what a run costs. Programs bench_* of the build, then whole runs by the command line.

Whole runs: the 50-million-record LinkedIn run (wall time, events, peak memory, events per record and per batch) and
R1, the reference run (runs per core-hour, mean of several seeds). Numbers are for this machine, now; nothing fails on
them. Each run is a process of its own, measured by wait4: wall time, processor time and peak resident memory.
"""
import json
import os
import sys
import tempfile
import time
from pathlib import Path

LINKEDIN = "scenarios/reference/linkedin-2014-*.json"
R1 = "scenarios/quickstart/r1.json"
R1_SEEDS = range(1, int(os.environ.get("BENCH_R1_SEEDS", "5")) + 1)


def measure(command):
    """Runs `command`; returns (exit code, standard output, wall s, processor s, peak MB)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 1, 3):
            sys.stderr.write(err.read().decode(errors="replace"))
            sys.exit(f"error: exit code {code}: {' '.join(command)}")
        return out.read().decode(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    build = Path(sys.argv[1])
    program = str(build / "brokersim")

    for bench in sorted(build.glob("bench_*")):
        if bench.is_file() and os.access(bench, os.X_OK):
            print(f"== {bench.name}", flush=True)
            sys.stdout.write(measure([str(bench)])[0])

    print(f"\n{'run':44} {'wall s':>8} {'cpu s':>8} {'peak MB':>8} {'events':>12} {'events/s':>12} {'events/record':>14} {'events/batch':>13}")
    for file in sorted(Path(".").glob(LINKEDIN)):
        text, wall, cpu, peak = measure([program, "run", str(file), "--json"])
        result = json.loads(text)
        events, records = result["events"], result["records"]["acknowledged"]
        batches = result.get("batches") or result["records"].get("batches")
        per_batch = f"{events / batches:13.1f}" if batches else f"{'-':>13}"
        print(f"{file.stem:44} {wall:8.2f} {cpu:8.2f} {peak:8.0f} {events:12} {events / wall:12.0f} {events / max(records, 1):14.3f} {per_batch}",
              flush=True)

    if Path(R1).exists():
        cpus, peaks, counts = [], [], []
        for seed in R1_SEEDS:
            text, wall, cpu, peak = measure([program, "run", R1, "--seed", str(seed), "--json"])
            cpus.append(cpu)
            peaks.append(peak)
            counts.append(json.loads(text)["events"])
        mean = sum(cpus) / len(cpus)
        print(f"\nR1: {3600 / mean:.0f} runs per core-hour ({mean:.2f} s of processor a run, mean of {len(cpus)} seeds, "
              f"{sum(counts) / len(counts):.0f} events, peak {max(peaks):.0f} MB)")
    else:
        print(f"error: {R1} is missing", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
