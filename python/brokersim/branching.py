"""branch: one run that forks at an instant into many futures."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional, Union

from brokersim import _brokersim
from brokersim.asked import metric_list
from brokersim.errors import BrokersimError, Diagnostic, ScenarioError
from brokersim.result import Result
from brokersim.rows import Rows
from brokersim.runner import (TEXT_WIDTH, Overrides, ScenarioLike, _is_file, _json, _kind, checked_seed, override_list)
from brokersim.scenario import Scenario

#: A path to a file of fault lists, or what it would hold: a list of faults, or names to lists of faults.
Faults = Union[str, "os.PathLike[str]", Sequence[Mapping[str, Any]], Mapping[str, Sequence[Mapping[str, Any]]]]

# The worker loads nothing but the compiled module: one thread, no site packages.
_WORKER = """import importlib.util as util, sys, time
spec = util.spec_from_file_location('_brokersim', sys.argv[1])
module = util.module_from_spec(spec)
spec.loader.exec_module(module)
sys.exit(module.serve_branches(time.perf_counter))
"""


class Branches(Rows):
    """The rows of `branch`, one per future, with two extras beside those of a sweep's rows."""

    def __init__(self, rows: Iterable[dict[str, Any]], outcomes: Sequence[_brokersim.BranchOutcome], points: list[dict[str, Any]]):
        super().__init__(rows)
        self._outcomes = list(outcomes)
        #: One dict per instant and variant: branch_at_s, variant, branches, failed, failed_share {value, low, high}
        #: with its exact 95 % interval, the same for `lost` (at least one acknowledged record), died, inconclusive.
        self.points = points

    def result(self, index: int) -> Optional[Result]:
        """The whole outcome of row `index`, as `run` returns one; None if a bug ended the branch or its process died."""
        outcome = self._outcomes[index]
        if outcome.bug:
            return None
        return Result(json.loads(outcome.json), outcome.text)


def branch(scenario: ScenarioLike, at: Union[str, Sequence[str], None] = None, branches: Optional[int] = None, *,
           every: Optional[str] = None, only: Union[int, range, None] = None, faults: Optional[Faults] = None,
           seed: Optional[int] = None, overrides: Optional[Overrides] = None, metrics: Optional[Sequence[str]] = None,
           jobs: int = 2, progress: Optional[Callable[[int, int], None]] = None) -> Branches:
    """Runs `scenario` to an instant, and on from there into many futures; returns one row per future.

    at: the instant as "30 s", or several; the events of the instant itself are still common past.
    every: branch at every multiple of this, as "1 s": the likelihood of a failure as a function of the instant.
    branches: futures per instant and variant, with other randomness, numbered from 1.
    only: this branch (or a range of them) instead; 0 is the run as it goes on unbranched, with the fingerprint of
        `run`. A branch is the same whatever runs beside it.
    faults: lists of faults, each tried at each instant: a path, a list of faults, or a dict of names to such lists.
        Their `at` counts from the instant. Without `branches` or `only` each is tried once, with the randomness of
        the run itself.
    seed, overrides, metrics: as of run() and sweep().
    jobs: branches at a time, each a process, 1 to 256.
    progress: called as progress(done, total) after each branch.

    A row has branch, branch_at_s, variant (None without `faults`), seed, fingerprint, verdict, exit_code, bug,
    wall_seconds, cpu_seconds and the metrics under their names. A branch whose process died is a row with verdict "bug".

    Raises ScenarioError for a wrong scenario, override, instant or fault (all problems at once), TypeError and
    ValueError for arguments of the wrong kind, BrokersimError if the process that branches could not go on. A keyboard
    interrupt ends all branches and is raised. Never forks the calling process, which may have threads.
    """
    instants = [at] if isinstance(at, str) else list(at or [])
    for instant in [*instants, *([] if every is None else [every])]:
        if not isinstance(instant, str):
            raise TypeError(f'an instant is {instant!r}; it must be text with a unit, such as "30 s"')
    first, last = _ids(branches, only, faults is not None)
    if not isinstance(jobs, int) or isinstance(jobs, bool) or not 1 <= jobs <= 256:
        raise ValueError(f"jobs is {jobs!r}; it must be a whole number of processes, 1 to 256")
    wanted = metric_list(metrics)
    name, text = _named(scenario, "the scenario")
    faults_name, faults_text = (None, None) if faults is None else _named(faults, "faults", "[{")
    plan = _brokersim.plan_branches(name, text, override_list(overrides), None if seed is None else checked_seed(seed),
                                    instants, every, first, last, faults_name, faults_text, jobs,
                                    [(metric, of) for _, metric, of in wanted], TEXT_WIDTH)
    if not plan.runnable:
        raise ScenarioError(plan.rendered, [Diagnostic(**values) for values in plan.diagnostics])  # type: ignore[arg-type]
    if not sys.executable:
        raise BrokersimError("this program has no Python interpreter to start for the branches (sys.executable is empty)")
    command = [sys.executable, "-I", "-S", "-c", _WORKER, _brokersim.__file__]
    driven = _brokersim.drive_branches(plan, command, progress)
    if driven.error:
        raise BrokersimError(f"{driven.error}; {len(driven.outcomes)} branches had ended")
    return Branches([_row(plan, outcome, wanted) for outcome in driven.outcomes], driven.outcomes,
                    json.loads(driven.summary)["points"])


def _row(plan: _brokersim.BranchPlan, outcome: _brokersim.BranchOutcome, metrics: list[tuple[str, str, str]]) -> dict[str, Any]:
    row = {"branch": outcome.branch, "branch_at_s": plan.at_s(outcome.point), "variant": plan.variant(outcome.variant) or None,
           "seed": plan.seed, "fingerprint": outcome.fingerprint or None, "verdict": outcome.verdict,
           "exit_code": outcome.exit_code, "bug": outcome.bug or None, "wall_seconds": outcome.wall_seconds,
           "cpu_seconds": outcome.cpu_seconds}
    for (column, _, of), value in zip(metrics, outcome.metrics):
        if of and not outcome.bug and value is None and of not in outcome.measured_names:
            raise ValueError(f'"{column}": the scenario has no workload or partition "{of}"; it has '
                             f'{", ".join(outcome.measured_names)}')
        row[column] = value
    return row


def _ids(branches: Optional[int], only: Union[int, range, None], any_faults: bool) -> tuple[int, int]:
    """First and last branch."""
    if only is not None:
        if branches is not None:
            raise ValueError("give branches or only, not both")
        ids = only if isinstance(only, range) else range(checked_seed(only), checked_seed(only) + 1)
        if len(ids) == 0 or ids.step != 1 or ids.start < 0:
            raise ValueError(f"only is {only!r}; it must be a branch or a range of them without gaps, such as range(1, 101)")
        return ids.start, ids[-1]
    if branches is None:
        if any_faults:
            return 0, 0
        raise ValueError("it is not said how many branches to run: branches=100")
    if isinstance(branches, bool) or not hasattr(branches, "__index__"):
        raise TypeError(f"branches is {branches!r}; it must be a whole number")
    number = checked_seed(branches)
    if number == 0:
        raise ValueError("branches is 0; it must be 1 or more")
    return 1, number


def _named(value: Any, what: str, text_starts: str = "{") -> tuple[str, Optional[str]]:
    """A file's name without text, or text with a name that stands for it."""
    if isinstance(value, str) and value.lstrip()[:1] and value.lstrip()[0] in text_starts:
        return "<text>", value
    if _is_file(value):
        return os.fsdecode(value), None
    if isinstance(value, Scenario):
        return value.file or "<scenario>", value.text()
    if isinstance(value, Mapping) or (text_starts != "{" and isinstance(value, Sequence)):
        return "<dict>", _json(value, what)
    raise TypeError(f"{what} is {_kind(value)}; it must be a path, text, or what the text would hold")
