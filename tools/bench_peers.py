#!/usr/bin/env python3
"""Our kernel beside other event kernels: the same PHOLD and broker mix, interleaved on this machine, medians.

Builds bench/peers/*.cpp against Debian's ns-3 and SimGrid, fetches SimPy, and runs every cell once a round, so that a busy
machine disturbs all alike. Each cell is a fresh process that prints its own processor time per event. PHOLD's checksum
over process states must be the same in every engine. A peer that cannot be installed or built gets the words "not
installed". Writes docs/benchmarks.md with --out. Exit 1 if checksums differ.

    tools/bench_peers.py build/release [--rounds 5] [--minutes 10] [--out docs/benchmarks.md]
    tools/bench_peers.py build/release --keep docs/benchmarks.md --out docs/benchmarks.md   # our own sections only, anew
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

SIZES = {"phold": (1_024, 65_536, 1_048_576), "mix": (1_000, 16_384)}
PEERS = ("ns-3", "SimGrid", "SimPy")
# The least ratios aimed at, by workload and size: ns-3, SimGrid, SimPy, and the plain queue in this tree.
AIMS = {("phold", 1_024): (7, 11, 40, 3.6), ("phold", 65_536): (22, 28, 80, 8), ("phold", 1_048_576): (40, 40, 110, 11),
        ("mix", 1_000): (8, 11, 65, None), ("mix", 16_384): (15, 16, 100, None)}
TASK_AIMS = {1_024: 1.3, 65_536: 1.5}
R1 = "scenarios/quickstart/r1.json"
TIMEOUT_S = 300


def say(text):
    print(text, file=sys.stderr, flush=True)


def compiled(name, source, flags, folder):
    """The program, or None if the peer is not here."""
    target = os.path.join(folder, "peer_" + name)
    newest = max(os.path.getmtime(os.path.join(root, file)) for root, _, files in os.walk("bench") for file in files)
    if os.path.exists(target) and os.path.getmtime(target) >= newest:
        return target
    done = subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O3", "-DNDEBUG", "-I.", source, "-o", target, *flags],
                          capture_output=True, text=True)
    if done.returncode != 0:
        say(f"{source} does not build, so it is left out:\n" + "\n".join(done.stderr.splitlines()[:5]))
        return None
    return target


def pkg_config(package, fallback):
    if shutil.which("pkg-config"):
        done = subprocess.run(["pkg-config", "--cflags", "--libs", package], capture_output=True, text=True)
        if done.returncode == 0:
            # Without assertions: as the library was built.
            return [flag for flag in done.stdout.split() if not flag.startswith("-DNS3_ASSERT")]
    return fallback


def simpy_command(folder):
    packages = os.path.abspath(os.path.join(folder, "python"))
    if not os.path.isdir(os.path.join(packages, "simpy")):
        done = subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", packages, "simpy>=4,<5"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            say("SimPy cannot be fetched, so it is left out: " + (done.stderr.splitlines() or ["no pip"])[-1])
            return None
    os.environ["PYTHONPATH"] = packages
    return [sys.executable, "bench/peers/simpy_peer.py"]


def cell(command):
    """(ns per event, events, checksum), or None if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        say(f"{' '.join(command)} took more than {TIMEOUT_S} s")
        return None
    words = done.stdout.split()
    if done.returncode != 0 or len(words) < 3:
        say(f"{' '.join(command)} failed with {done.returncode}: {done.stderr[-500:]}")
        return None
    return float(words[-3]), int(words[-2]), words[-1]


def measure(engines, rounds, minutes):
    """By (workload, size, engine): the costs. By (workload, size): the checksums of the engines."""
    found, sums = {}, {}
    begin = time.monotonic()
    slow = {}  # seconds of a cell in the first round
    for number in range(rounds):
        left = minutes * 60 - (time.monotonic() - begin)
        # What does not fit into the time any more: the slowest peer's largest cells go first.
        planned = sum(slow.values()) * (rounds - number)
        dropped = set()
        for key in sorted(slow, key=slow.get, reverse=True):
            if planned <= left:
                break
            if key[2] in PEERS:
                dropped.add(key)
                planned -= slow[key] * (rounds - number)
        for workload, sizes in SIZES.items():
            for size in sizes:
                for engine, command in engines.items():
                    words = command(workload, size)
                    key = (workload, size, engine)
                    if words is None or key in dropped:
                        continue
                    started = time.monotonic()
                    result = cell(words)
                    slow[key] = time.monotonic() - started
                    if result is None:
                        continue
                    found.setdefault(key, []).append(result[0])
                    sums.setdefault((workload, size), {})[engine] = result[2]
        say(f"round {number + 1} of {rounds}, {time.monotonic() - begin:.0f} s" +
            (f"; without {len(dropped)} cells for lack of time" if dropped else ""))
    return found, sums


def executed(ours, workload, engine, size):
    """Per event: (instructions, data misses of a second-level cache of 1 MiB, mispredicted jumps), those of the whole program
    over its events. None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    try:
        done = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--branch-sim=yes", "--LL=1048576,16,64",
                               "--cachegrind-out-file=/dev/null", ours, workload, engine, str(size)],
                              capture_output=True, text=True, timeout=900)
        events = int(done.stdout.split()[-2])
        counts = []
        for name in ("I   refs:", "LLd misses:", "Mispredicts:"):
            line = next(line for line in done.stderr.splitlines() if name in line)
            counts.append(int(line.split(":")[1].split()[0].replace(",", "")) / events)
        return counts
    except (subprocess.TimeoutExpired, StopIteration, IndexError, ValueError, OSError):
        return None


def frame_bytes(ours):
    return int(subprocess.run([ours, "frame"], capture_output=True, text=True).stdout or 0)


PARTS = "## What an event costs, by part"


def more_of_ours(build, ours, rounds):
    """Lines about our kernel alone: parts, memory, instructions, tasks in R1."""
    lines = [PARTS, "", f"Measured on {datetime.date.today().isoformat()}, {rounds} rounds. Our task row over our callback row, interleaved:",
             "", "| pending | callback, ns | task, ns | task / callback |", "|---|---|---|---|"]
    for size in SIZES["phold"]:
        pairs = [[cell([ours, "phold", engine, str(size)])[0] for engine in ("callback", "task")] for _ in range(rounds)]
        callback, task = (statistics.median(pair[i] for pair in pairs) for i in range(2))
        aim = f" (aim: at most {TASK_AIMS[size]})" if size in TASK_AIMS else ""
        lines.append(f"| {size:,} | {callback:.1f} | {task:.1f} | **{task / callback:.2f}**{aim} |")
    lines += ["",
             "PHOLD's callback row, ns: the handler alone (decision, state), what its random number adds, what the fingerprint",
             "adds, what the queue adds, and the rest (slab of events, checks, indirect call, prefetching). Each is measured in the",
             "company of the handler (`bench/workloads/parts.h`), the rest is a difference; medians.", "",
             "| pending | handler | random number | fingerprint | queue | dispatch (the rest) | all | requests for memory in 1.5 million "
             "events: callback, task | bytes per pending event: callback, task |", "|---|---|---|---|---|---|---|---|---|"]
    for size in SIZES["phold"]:
        runs = [subprocess.run([ours, "parts", str(size)], capture_output=True, text=True).stdout.split() for _ in range(rounds)]
        parts = [statistics.median(float(run[i]) for run in runs) for i in range(4)]
        whole = [cell([ours, "phold", "callback", str(size)]) for _ in range(rounds)]
        whole = statistics.median(row[0] for row in whole if row is not None)
        memory = [subprocess.run([ours, "memory", "phold", e, str(size)], capture_output=True, text=True).stdout.split()
                  for e in ("callback", "task")]
        lines.append(f"| {size:,} | " + " | ".join(f"{p:.1f}" for p in parts) + f" | {whole - sum(parts):.1f} | {whole:.1f} | "
                     f"{memory[0][0]}, {memory[1][0]} | {float(memory[0][2]):.0f}, {float(memory[1][2]):.0f} |")
    lines += ["", "Requests do not count the log of fingerprint checkpoints (32 bytes for 4,096 events), whose array doubles. A task's",
              f"frame is not among the bytes of its event: {frame_bytes(ours)} for PHOLD's token, in whole cache lines."]
    counted = [(name, executed(ours, *cell_of)) for name, cell_of in (
        ("PHOLD, callback", ("phold", "callback", 65_536)), ("PHOLD, task", ("phold", "task", 65_536)),
        ("broker mix", ("mix", "kernel", 1_000)))]
    if all(row for _, row in counted):
        lines += ["", "Under cachegrind, the whole program over its events, PHOLD 65,536 and broker mix 1,000 (its branch predictor is a",
                  "plain one; the second-level cache has 1 MiB):", "",
                  "| workload | instructions | misses of the second-level cache | mispredicted jumps |", "|---|---|---|---|"]
        lines += [f"| {name} | {row[0]:.0f}{' (aim: at most 300)' if name == 'PHOLD, callback' else ''} | {row[1]:.1f} | {row[2]:.1f} |"
                  for name, row in counted]
    brokersim = os.path.join(build, "brokersim")
    if os.path.exists(brokersim) and os.path.exists(R1):
        done = subprocess.run([brokersim, "run", R1, "--json"], capture_output=True, text=True)
        try:
            run = json.loads(done.stdout.splitlines()[0])
            lines += ["", f"Of the {run['events']:,} events of the reference run R1, {run['task_events']:,} wake a task "
                      f"({100 * run['task_events'] / run['events']:.1f} %); the others are callbacks."]
        except (IndexError, KeyError, ValueError):
            pass
    return lines + ["", *WHY]


def report(found, sums, rounds, missing):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    machine = f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}"
    lines = ["# The kernel beside other event kernels", "",
             f"`make bench-peers`, {datetime.date.today().isoformat()}, {machine}, one thread, {rounds} interleaved rounds. Ratios: a peer's",
             "median over the median of our callback row, with the aim behind it. The row of costs below has the least and the most",
             "in brackets, in ns of processor time per event. Where time was short the slowest cells have fewer rounds, which is said.",
             "",
             "PHOLD(N): N pending events, at each one a draw, an exponential delay, a coin and a uniform target. Broker mix(C): C batches in",
             "flight, 12 events and three timers each, most of them cancelled. Every engine runs the same handlers",
             "(`bench/workloads`). Ours is the `Simulation` of every scenario: fingerprint on, tracing off, events cancellable.",
             "priority_queue is `std::priority_queue` of `std::function`, in this tree. SimGrid runs its timers, ns-3 its default",
             "scheduler.", "", "## Ratios", "",
             "| workload | size | " + " | ".join(PEERS) + " | priority_queue | our task / our callback |", "|---|---|" + "---|" * 5]
    rows = []
    for workload, sizes in SIZES.items():
        name = "PHOLD" if workload == "phold" else "broker mix"
        for size in sizes:
            def fewer(costs):
                return f", {len(costs)} round{'s' if len(costs) > 1 else ''}" if len(costs) < rounds else ""

            def median(engine):
                costs = found.get((workload, size, engine))
                return statistics.median(costs) if costs else None

            def shown(engine):
                costs = found.get((workload, size, engine))
                if not costs:
                    return "not installed" if engine in missing else "-"
                few = fewer(costs)
                return f"{statistics.median(costs):,.1f} ({min(costs):,.1f} to {max(costs):,.1f}{few})"

            base = median("callback")
            cells = []
            for peer, aim in zip((*PEERS, "priority_queue"), AIMS[(workload, size)]):
                cost = median(peer)
                text = "not installed" if cost is None and peer in missing else "-" if not cost or not base else f"**{cost / base:.1f}**"
                few = fewer(found.get((workload, size, peer)) or [0] * rounds)
                cells.append(text + ("" if aim is None else f" (aim {aim}{few})"))
            task = median("task")
            aim = f" (aim: at most {TASK_AIMS[size]})" if size in TASK_AIMS else ""
            cells.append(f"**{task / base:.2f}**{aim}" if task and base else "-")
            lines.append(f"| {name} | {size:,} | " + " | ".join(cells) + " |")
            rows.append(f"| {name} | {size:,} | " + " | ".join(shown(e) for e in ("callback", "task", "priority_queue", *PEERS)) + " |")
    lines += ["", "## Costs", "", "| workload | size | ours, callback | ours, task | priority_queue | " + " | ".join(PEERS) + " |",
              "|---|---|" + "---|" * 6, *rows, ""]
    same = all(len(set(by.values())) == 1 for key, by in sums.items() if key[0] == "phold")
    lines += ["PHOLD's checksum over process states is the same in every engine." if same
              else "**PHOLD's checksums differ between engines.**", ""]
    if missing:
        lines += ["Not installed here: " + ", ".join(missing) + ".", ""]
    return lines, same


# What the tables do not say by themselves. Numbers belong into the tables, where they are measured.
WHY = """## What the rows rest on

- **Tasks.** A frame and what the task works on are lines that a callback does not touch, and the instructions of a task
  come between one draw and the next: from the draw to the place of its next event in the queue each step waits for the one
  before, and the processor does not look far enough ahead to overlap two such chains. All lines are fetched ahead, two
  slots before they are needed, so that at 65,536 the row is bound by the third-level cache; with busy neighbours it moves
  more than the callback row does. Tried without gain: one line fetched with each event instead of all with each slot;
  fetches past the second-level cache; no fetches into the first. What helped: frames of two lines, the object that a delay
  names (`works_on`), the first-level cache as the last stop, and huge pages from 256 KiB on.
- **Broker mix.** The handler's eleven steps alternate, which is one mispredicted jump an event in every engine. The
  kernel's own are: does it go into the slot that is open, where in it, is it a timer that was cancelled. The aim is what a
  queue alone has been measured at, without events that have owners, can be cancelled by handle, die with a process and are
  hashed.
""".splitlines()


def write(path, lines):
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=8, help="for the rounds; the slowest peers' largest cells give way")
    parser.add_argument("--out")
    parser.add_argument("--keep", help="a page whose tables of peers are kept")
    options = parser.parse_args()
    folder = os.path.join(options.build, "peers")
    os.makedirs(folder, exist_ok=True)
    ours = os.path.join(options.build, "bench_kernel")
    if options.keep:
        with open(options.keep, encoding="utf-8") as file:
            lines = file.read().split(PARTS)[0].splitlines()
        lines += more_of_ours(options.build, ours, options.rounds)
        write(options.out, lines)
        print("\n".join(lines))
        return 0
    ns3 = compiled("ns3", "bench/peers/ns3.cpp", pkg_config("ns3-core", ["-lns3.37-core"]), folder)
    simgrid = compiled("simgrid", "bench/peers/simgrid.cpp", pkg_config("simgrid", ["-lsimgrid"]), folder)
    simpy = simpy_command(folder)
    engines = {"callback": lambda w, n: [ours, w, "callback" if w == "phold" else "kernel", str(n)],
               "task": lambda w, n: [ours, w, "task", str(n)] if w == "phold" else None,
               "priority_queue": lambda w, n: [ours, w, "plain", str(n)],
               "ns-3": lambda w, n: ns3 and [ns3, w, str(n)],
               "SimGrid": lambda w, n: simgrid and [simgrid, w, str(n)],
               "SimPy": lambda w, n: simpy and [*simpy, w, str(n)]}
    missing = [name for name, program in zip(PEERS, (ns3, simgrid, simpy)) if program is None]
    found, sums = measure(engines, options.rounds, options.minutes)
    lines, same = report(found, sums, options.rounds, missing)
    write(options.out, lines)  # what took minutes is not lost if the rest is interrupted
    lines += more_of_ours(options.build, ours, options.rounds)
    write(options.out, lines)
    print("\n".join(lines))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
