"""run, check, schema and metrics: the command line's verbs."""
from __future__ import annotations

import json
import operator
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from brokersim import _brokersim
from brokersim import checkers as checkers_module
from brokersim import workloads as workloads_module
from brokersim.checkers import CheckerLike, Panel
from brokersim.errors import Diagnostic, Diagnostics, InvariantViolation, ScenarioError
from brokersim.result import Result
from brokersim.scenario import Scenario
from brokersim.workloads import Source, WorkloadFunction

#: A path to a scenario file, the file's text (recognised by its first character, "{"), a Scenario, or the same as a dict.
ScenarioLike = Union[str, "os.PathLike[str]", Mapping[str, Any]]
#: JSON pointer -> the value to put there.
Overrides = Mapping[str, Any]

SEED_MAX = 2**64 - 1
TEXT_WIDTH = 100


def run(scenario: ScenarioLike, seed: Optional[int] = None, overrides: Optional[Overrides] = None, *,
        checkers: Optional[Sequence[CheckerLike]] = None,
        workloads: Optional[Mapping[str, WorkloadFunction]] = None) -> Result:
    """Runs one simulation to its end and returns what it showed.

    scenario: path of a scenario file, its text, a Scenario, or the same as a dict. Relative paths inside a scenario
        that is not a file are taken from the working directory.
    seed: 0 to 2^64 - 1; None takes the scenario's own.
    overrides: JSON pointer to value, put into the scenario before anything is checked, as the command line's --set:
        {"/workloads/0/config/acks": 1, "/duration": "30 s"}. Quantities are text with a unit.
    checkers: laws of your own, beside brokersim's: functions of the Result, and classes made of brokersim.Checker, which
        see the events of the run. Their verdicts are in Result.checks under their names; a breach is a failed law.
    workloads: name of a kafka_producer workload to a function of the seconds since the start that gives its rate in records
        per second, a brokersim.Load, which says in what steps, or brokersim.Arrivals, which gives the time of every record.

    Raises ScenarioError if the scenario or an override is wrong (all problems at once), InvariantViolation if
    brokersim itself is, CheckerError if a checker or a workload function fails by an error of its own, TypeError or
    ValueError for arguments of the wrong kind. An expectation that does not hold
    is no error: see Result.verdict. The interpreter lock is released during the run; a keyboard interrupt is
    answered when the run is over.
    """
    judges, functions = checkers_module.checked(checkers), workloads_module.checked(workloads)
    loaded = load(scenario, overrides)
    number = loaded.seed if seed is None else checked_seed(seed)
    played = scenario
    if functions:
        played = with_workloads(scenario, overrides, functions)
        loaded = load(played, None)
    panel = checkers_module.Panel(judges)
    outcome = execute(loaded, number, _panel=panel if panel.kinds else None)
    result = result_of(outcome, replay_of(scenario, overrides, number, judges, functions) or outcome.replay)
    if judges:
        result._add_checks(panel.verdicts(result))
    result._source = named_text(played)
    if outcome.first_failure_ns is not None:
        result._first_failure_s = outcome.first_failure_ns / 1e9
    return result


def check(scenario: ScenarioLike, overrides: Optional[Overrides] = None) -> Diagnostics:
    """Every problem of a scenario, errors and warnings, in the order of their place. Runs nothing and raises nothing
    but TypeError and ValueError for arguments of the wrong kind; an empty list means that all is well."""
    return _diagnostics(_load(scenario, overrides))


def schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of a scenario file."""
    document: dict[str, Any] = json.loads(_brokersim.schema_json())
    return document


def metrics() -> dict[str, str]:
    """The numbers that expectations and sweeps know, with their meaning. Their units: names that end in _ms are
    milliseconds, in _s and all `unavailable.*` but counts seconds, else counts or amounts per second."""
    return dict(_brokersim.metrics())


# ---- What run() and sweep() share. Not public.


def load(scenario: ScenarioLike, overrides: Optional[Overrides]) -> _brokersim.Loaded:
    """A scenario that can run, or ScenarioError."""
    loaded = _load(scenario, overrides)
    if not loaded.runnable:
        raise ScenarioError(loaded.rendered, _diagnostics(loaded))
    return loaded


def execute(loaded: _brokersim.Loaded, seed: int, *, _failing_check: bool = False, _panel: Optional[Panel] = None) -> _brokersim.Run:
    """Runs, with the wall time noted. A bug during the run is in `Run.bug`; one outside raises."""
    start = time.perf_counter()
    try:
        # The second is for tests: see python/bindings/failing_check.h.
        run_it = (_brokersim._execute_with_failing_check if _failing_check else
                  _brokersim.execute if _panel is None else _panel.execute)
        outcome = run_it(loaded, seed)
    except _brokersim.Bug as bug:
        raise InvariantViolation(str(bug), f"the same scenario and overrides with seed {seed}", seed) from None
    outcome.wall_seconds = time.perf_counter() - start
    return outcome


def result_of(outcome: _brokersim.Run, replay: str) -> Result:
    """The result, with `replay` as its last line; InvariantViolation if a bug ended the run."""
    data = json.loads(outcome.json())
    if outcome.bug:
        raise InvariantViolation(outcome.bug, replay, data["seed"])
    data["replay"] = replay
    values = {name: outcome.metric(name) for name in metrics()}
    return Result(data, outcome.text(TEXT_WIDTH).replace(outcome.replay, replay), values)


def replay_of(scenario: ScenarioLike, overrides: Optional[Overrides], seed: int, judges: Sequence[CheckerLike] = (),
              functions: Optional[Mapping[str, Source]] = None) -> Optional[str]:
    """How to repeat a run that no command line can name: of a scenario in memory, or with functions; None for others."""
    named = _is_file(scenario) or bool(isinstance(scenario, Scenario) and scenario.file and scenario._unchanged())
    if named and not judges and not functions:
        return None
    what = repr(os.fsdecode(scenario)) if _is_file(scenario) else "scenario"  # type: ignore[arg-type]
    changes = f", overrides={dict(overrides)!r}" if overrides else ""
    if judges:
        changes += f", checkers=[{', '.join(map(_called, judges))}]"
    if functions:
        changes += ", workloads={" + ", ".join(f"{name!r}: {_called(load.asked)}" for name, load in functions.items()) + "}"
    return f"brokersim.run({what}, seed={seed}{changes})"


def with_workloads(scenario: ScenarioLike, overrides: Optional[Overrides], functions: Mapping[str, Source]) -> Scenario:
    """The scenario whose workloads send as fast, or when, the functions say."""
    if _is_file(scenario):
        made = Scenario.load(scenario)  # type: ignore[arg-type]
    else:
        made = scenario.copy() if isinstance(scenario, Scenario) else Scenario(scenario)  # type: ignore[arg-type]
    made = made.changed(overrides or {})
    return made.changed({"workloads": workloads_module.document_of(functions, made)})


def _called(function: Any) -> str:
    shown: str = getattr(function, "__name__", None) or repr(function)
    return shown if len(shown) <= TEXT_WIDTH else shown[:TEXT_WIDTH] + " ..."


def checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):  # NumPy's integers are welcome, 1.0 is not
        raise TypeError(f"seed is {seed!r}; it must be a whole number or None (the scenario's own seed)")
    number = operator.index(seed)
    if not 0 <= number <= SEED_MAX:
        raise ValueError(f"seed is {number}; it must be 0 to 2^64 - 1")
    return number


def override_list(overrides: Optional[Overrides]) -> list[str]:
    """As the command line's --set takes them."""
    if overrides is None:
        return []
    if not isinstance(overrides, Mapping):
        raise TypeError(f"overrides is {_kind(overrides)}; it must be a dict of JSON pointer to value, such as "
                        '{"/workloads/0/config/acks": 1}')
    return [f"{checked_pointer(pointer)}={_json(value, pointer)}" for pointer, value in overrides.items()]


def checked_pointer(pointer: Any) -> str:
    if not isinstance(pointer, str):
        raise TypeError(f"the override {pointer!r} is {_kind(pointer)}; it must be a JSON pointer, such as "
                        '"/workloads/0/config/acks"')
    if not pointer.startswith("/"):
        raise ValueError(f'the override "{pointer}" is no JSON pointer; it must start with "/", such as '
                         '"/workloads/0/config/acks"')
    if "=" in pointer:
        raise ValueError(f'the override "{pointer}" has a "="; give the value as the dict\'s value')
    return pointer


def named_text(scenario: ScenarioLike) -> tuple[str, Optional[str]]:
    """What stands for the scenario's path, and its text; None for the text of a file. TypeError for anything else."""
    if _is_file(scenario):
        return os.fsdecode(scenario), None  # type: ignore[arg-type]
    if isinstance(scenario, Scenario):
        return scenario.file or "<scenario>", scenario.text()
    if isinstance(scenario, Mapping):
        return "<dict>", _json(scenario, "the scenario")
    if isinstance(scenario, str):
        return "<text>", scenario
    raise TypeError(f"scenario is {_kind(scenario)}; it must be a path, the text of a scenario file, or a dict")


def _load(scenario: ScenarioLike, overrides: Optional[Overrides]) -> _brokersim.Loaded:
    changes = override_list(overrides)
    name, text = named_text(scenario)
    return _brokersim.load_file(name, changes) if text is None else _brokersim.load_text(text, name, changes)


def _is_file(scenario: ScenarioLike) -> bool:
    return isinstance(scenario, os.PathLike) or (isinstance(scenario, str) and not scenario.lstrip().startswith("{"))


def _diagnostics(loaded: _brokersim.Loaded) -> Diagnostics:
    return Diagnostics(Diagnostic(**values) for values in loaded.diagnostics)  # type: ignore[arg-type]


def _json(value: Any, where: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON: {error}") from None


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays, and other mappings, as JSON knows them."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{_kind(value)} has no JSON form")


def _kind(value: Any) -> str:
    return f"of type {type(value).__name__}"
