"""brokersim: real message-broker logic on virtual time, from Python.

    import brokersim

    result = brokersim.run("scenarios/incidents/leader-kill.json", seed=7)
    assert result.records.lost_acknowledged == 0, result.text()

    rows = brokersim.sweep("scenarios/incidents/leader-kill.json",
                           vary={"/workloads/0/config/acks": [0, 1, "all"]}, seeds=range(1, 21))

A run is a function of the scenario, the overrides and the seed: `Result.fingerprint` is the one that the command line
prints for the same three, bit for bit. The interpreter lock is released while a simulation runs, so threads do run
side by side.

Names are those of the scenario file and of `brokersim run --json`. Times end in `_s` (seconds) or `_ms`
(milliseconds); instants are seconds of simulated time from the start of the run.

Errors, all of them `BrokersimError`: `ScenarioError` (the scenario or an override is wrong: mend it) and
`InvariantViolation` (brokersim is wrong: please report it). Losses, timeouts and unavailability are not errors but
results; so is an expectation that does not hold (`Result.verdict`).
"""
from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import version as _version

from brokersim.branching import Branches, branch
from brokersim.checkers import Checker, Event, event_kinds
from brokersim.errors import BrokersimError, CheckerError, Diagnostic, Diagnostics, InvariantViolation, ScenarioError
from brokersim.executors import ray_executor
from brokersim.optimizing import Optimum, optimize
from brokersim.parts import (AdminAction, Check, Controller, Expectation, FailedClient, Fault, Latency, LatencyDistribution, LatencyPhases,
                             Loss, OffsetReset, Phases, Published, Records, Recovery, RunRecords, Throughput,
                             Unavailable, Workload)
from brokersim.quantities import Bandwidth, Duration, Quantity, Rate
from brokersim.result import Result
from brokersim.rows import Rows, Sweep
from brokersim.runner import check, metrics, run, schema
from brokersim.scenario import Scenario
from brokersim.sensitivity import morris, sobol
from brokersim.simulating import Simulate
from brokersim.spaces import Range
from brokersim.sweeps import sweep
from brokersim.timeline import Timeline
from brokersim.workloads import Arrivals, Load

try:
    __version__ = _version("brokersim")
except _PackageNotFoundError:  # imported from a build folder
    __version__ = "0.1.0"

__all__ = [
    "run", "sweep", "branch", "check", "schema", "metrics", "ray_executor",
    "Scenario", "Diagnostics", "Sweep", "Timeline", "Quantity", "Duration", "Rate", "Bandwidth",
    "Result", "Controller", "Records", "RunRecords", "Latency", "LatencyDistribution", "LatencyPhases", "Phases", "Throughput", "Unavailable",
    "Recovery", "Loss", "Fault", "AdminAction", "FailedClient", "OffsetReset", "Check", "Expectation", "Published", "Workload", "Rows",
    "Branches",
    "optimize", "Optimum", "morris", "sobol", "Range",
    "Checker", "Event", "event_kinds", "Load", "Arrivals", "Simulate",
    "BrokersimError", "CheckerError", "ScenarioError", "InvariantViolation", "Diagnostic", "__version__",
]
