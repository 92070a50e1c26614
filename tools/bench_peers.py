#!/usr/bin/env python3
"""Our kernel beside other event kernels: the same PHOLD and broker mix, interleaved on this machine, medians.

Builds bench/peers/ns3.cpp against Debian's ns-3, fetches SimPy, and runs every cell once a round, so that a busy
machine disturbs all alike. Each cell is a fresh process that prints its processor time per event. PHOLD's checksum over
process states must be the same in every engine. Writes docs/benchmarks.md with --out.

    tools/bench_peers.py build/release [--rounds 5] [--out docs/benchmarks.md] [--quick]
"""
import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys

SIZES = {"phold": (1_024, 65_536, 1_048_576), "mix": (1_000, 16_384)}
PEERS = ("ns-3", "SimPy")
# The least ratio that docs and the design aim at, by workload and size.
AIMS = {("phold", 1_024): (7, 40), ("phold", 65_536): (22, 80), ("phold", 1_048_576): (40, 110),
        ("mix", 1_000): (8, 65), ("mix", 16_384): (15, 100)}


def build(peer, source, flags, folder):
    target = os.path.join(folder, "peer_" + peer)
    newest = max(os.path.getmtime(os.path.join(root, name)) for root, _, names in os.walk("bench") for name in names)
    if not os.path.exists(target) or os.path.getmtime(target) < newest:
        subprocess.run(["c++", "-std=c++20", "-O3", "-DNDEBUG", "-I.", source, "-o", target, *flags], check=True)
    return target


def ns3_flags():
    """Debian has pkg-config files; the core module is all that is needed."""
    done = subprocess.run(["pkg-config", "--cflags", "--libs", "ns3-core"], capture_output=True, text=True)
    if done.returncode == 0:
        # NDEBUG and ns-3's own log macros: as the optimised library was built.
        return [flag for flag in done.stdout.split() if not flag.startswith("-DNS3_ASSERT")]
    return ["-lns3.37-core"]


def cell(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    cost, events, checksum = done.stdout.split()[-3:]
    return float(cost), int(events), checksum


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out")
    parser.add_argument("--quick", action="store_true", help="no SimPy above 100,000 pending events")
    options = parser.parse_args()
    folder = os.path.join(options.build, "peers")
    os.makedirs(folder, exist_ok=True)
    ours = os.path.join(options.build, "bench_kernel")
    ns3 = build("ns3", "bench/peers/ns3.cpp", ns3_flags(), folder)
    simpy = [sys.executable, "bench/peers/simpy_peer.py"]
    packages = os.path.join(folder, "python")
    if not os.path.isdir(packages):
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", packages, "simpy>=4,<5"], check=True)
    os.environ["PYTHONPATH"] = os.path.abspath(packages)
    engines = {"callback": lambda w, n: [ours, w, "callback" if w == "phold" else "kernel", str(n)],
               "task": lambda w, n: [ours, w, "task", str(n)] if w == "phold" else None,
               "priority_queue": lambda w, n: [ours, w, "plain", str(n)],
               "ns-3": lambda w, n: [ns3, w, str(n)],
               "SimPy": lambda w, n: None if options.quick and n > 100_000 else [*simpy, w, str(n)]}
    found = {}
    sums = {}
    for round_ in range(options.rounds):
        for workload, sizes in SIZES.items():
            for size in sizes:
                for engine, command in engines.items():
                    words = command(workload, size)
                    if words is None:
                        continue
                    cost, _, checksum = cell(words)
                    found.setdefault((workload, size, engine), []).append(cost)
                    sums.setdefault((workload, size), {})[engine] = checksum
        print(f"round {round_ + 1} of {options.rounds}", file=sys.stderr, flush=True)
    text = report(found, sums, options.rounds)
    print(text)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)
    return 0 if all(len(set(sums[key].values())) == 1 for key in sums if key[0] == "phold") else 1


def report(found, sums, rounds):
    date = datetime.date.today().isoformat()
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    lines = ["# The kernel beside other event kernels", "",
             f"`make bench-peers`, {date}, {machine}, one thread, {rounds} interleaved rounds, median of processor time per",
             "event (least and most in brackets). PHOLD: N pending events at Exp(1 s), a draw, a coin and a uniform target per",
             "event. Broker mix: C batches in flight, 12 events and three timers each. Ours runs on the `Simulation` that every",
             "scenario runs on, fingerprint on. Peers: ns-3 3.37 of Debian 12, SimPy 4 of PyPI.", "",
             "| workload | size | ours, callback | ours, task | priority_queue + function | "
             + " | ".join(f"{peer} (ratio, aim)" for peer in PEERS) + " |",
             "|---|---|---|---|---|" + "---|" * len(PEERS)]
    for workload, sizes in SIZES.items():
        for size in sizes:
            def shown(engine):
                costs = found.get((workload, size, engine))
                return "-" if not costs else f"{statistics.median(costs):.1f} ({min(costs):.1f}..{max(costs):.1f})"
            base = statistics.median(found[(workload, size, "callback")])

            def ratio(engine, aim=None):
                costs = found.get((workload, size, engine))
                if not costs:
                    return "-"
                text = f"{shown(engine)} **{statistics.median(costs) / base:.1f}x**"
                return text if aim is None else text + f", {aim}x"
            task = found.get((workload, size, "task"))
            task = "-" if not task else f"{shown('task')} {statistics.median(task) / base:.2f}x"
            lines.append(f"| {'PHOLD' if workload == 'phold' else 'broker mix'} | {size:,} | {shown('callback')} | {task} | "
                         f"{ratio('priority_queue')} | "
                         + " | ".join(ratio(p, AIMS[(workload, size)][i]) for i, p in enumerate(PEERS)) + " |")
    lines.append("")
    same = all(len(set(by.values())) == 1 for key, by in sums.items() if key[0] == "phold")
    lines.append("PHOLD's checksum over process states is the same in every engine." if same
                 else "**PHOLD's checksums differ between engines.**")
    lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
