"""The pytest plugin: fault-injection regression tests over seeds, with a replay line and artefacts for each failure.

    @pytest.mark.brokersim("orders.json", seeds=20)
    def test_no_acknowledged_order_is_lost(simulate):
        result = simulate()
        assert result.records.lost_acknowledged == 0
        assert result.longest_unavailable("produce_acks_all") <= "15 s"

Loaded by itself where brokersim is installed (entry point pytest11). docs/testing.md tells the rest.
"""
from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import pytest

import brokersim
from brokersim import _brokersim
from brokersim.runner import Overrides, ScenarioLike

CACHE_KEY = "brokersim/last-failed"
STORIES_SHOWN = 3
SEEDS_MAX = 100_000  # tests of one function
NAME_MAX = 180        # of an artefact folder
LISTED = 12
RUNS_KEPT = 5         # of a test that simulates more than once: the last ones

_seeds_key = pytest.StashKey[Optional[list[int]]]()
_last_failed_key = pytest.StashKey[dict[str, list[int]]]()
_failed_key = pytest.StashKey[dict[str, list[int]]]()
_passed_key = pytest.StashKey[dict[str, list[int]]]()
_runs_key = pytest.StashKey[list["_Run"]]()


class _Run:
    """A run of a test, and what is needed to repeat it."""

    def __init__(self, scenario: ScenarioLike, overrides: Optional[Overrides], seed: Optional[int]):
        self.scenario, self.overrides, self.seed = scenario, overrides, seed
        self.result: Optional[brokersim.Result] = None
        self.error: Optional[brokersim.BrokersimError] = None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options and their ini-file twins."""
    group = parser.getgroup("brokersim", "brokersim: simulations as tests")
    group.addoption("--brokersim-seeds", metavar="SEEDS", default=None,
                    help="seeds of every marked test instead of its own: 20 (1 to 20), 100..199, seed=7, or last-failed (those "
                         "that failed last; tests without one are deselected)")
    group.addoption("--brokersim-artifacts", metavar="DIR", default=None,
                    help="folder for what a failed test leaves: scenario, result, report, replay line (default: "
                         "brokersim-artifacts; \"\" for none)")
    parser.addini("brokersim_seeds", "as --brokersim-seeds", default="")
    parser.addini("brokersim_artifacts", "as --brokersim-artifacts", default="brokersim-artifacts")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker and reads the seeds, so that a wrong option ends pytest before anything is collected."""
    config.addinivalue_line(
        "markers", "brokersim(scenario, seeds=1, overrides=None): runs the test once per seed; `simulate()` runs the scenario "
                   "(a path, relative to the test's file, or a dict). seeds: a number N (1 to N), or a list of seeds.")
    given = config.getoption("--brokersim-seeds") or config.getini("brokersim_seeds")
    config.stash[_last_failed_key] = _cached(config)
    failed: dict[str, list[int]] = {}
    passed: dict[str, list[int]] = {}
    config.stash[_failed_key] = failed
    config.stash[_passed_key] = passed
    config.stash[_seeds_key] = None
    if given and given != "last-failed":
        config.stash[_seeds_key] = _parsed_seeds(given)


def pytest_report_header(config: pytest.Config) -> str:
    """Which model the results are of."""
    return f"brokersim: {brokersim.__version__}, model {_brokersim.model_version()}, {Path(brokersim.__file__).parent}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per seed, with the ids "seed=1", ...; equal on every worker of pytest-xdist."""
    marker = metafunc.definition.get_closest_marker("brokersim")
    if marker is not None:
        _check_marker(marker, metafunc.definition.nodeid, "brokersim_seed" in metafunc.fixturenames)
    if "brokersim_seed" not in metafunc.fixturenames:
        return
    if marker is None and "brokersim_seed" not in inspect.signature(metafunc.function).parameters:
        return  # it calls simulate() with scenarios and seeds of its own
    config = metafunc.config
    seeds = config.stash[_seeds_key]
    if _wants_last_failed(config):
        seeds = config.stash[_last_failed_key].get(metafunc.definition.nodeid) or None
    if seeds is None and marker is not None:
        seeds = _marked_seeds(marker.kwargs.get("seeds", marker.args[1] if len(marker.args) > 1 else 1), metafunc.definition.nodeid)
    if seeds is not None:
        metafunc.parametrize("brokersim_seed", seeds, ids=[f"seed={seed}" for seed in seeds])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With last-failed: leaves out what did not fail."""
    if not _wants_last_failed(config):
        return
    failed = config.stash[_last_failed_key]
    wanted: list[pytest.Item] = []
    other: list[pytest.Item] = []
    for item in items:
        uses_seed = "brokersim_seed" in getattr(item, "fixturenames", ())
        (wanted if not uses_seed or _base(item.nodeid) in failed else other).append(item)
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = wanted


@pytest.fixture
def brokersim_seed() -> Optional[int]:
    """The seed of this test; None: the scenario's own. Given by the marker or --brokersim-seeds."""
    return None


@pytest.fixture
def simulate(request: pytest.FixtureRequest, brokersim_seed: Optional[int]) -> brokersim.Simulate:
    """simulate(scenario=None, *, seed=None, overrides=None) -> brokersim.Result.

    Without arguments the marker's scenario with this test's seed. What it ran is shown and kept if the test fails.
    Raises as brokersim.run does, and pytest.UsageError if no scenario is named."""
    marker = request.node.get_closest_marker("brokersim")
    marked = None if marker is None else marker.kwargs.get("scenario", marker.args[0] if marker.args else None)
    marked_overrides = {} if marker is None else dict(marker.kwargs.get("overrides", marker.args[2] if len(marker.args) > 2 else None) or {})
    runs = request.node.stash.setdefault(_runs_key, [])

    def run(scenario: Optional[ScenarioLike] = None, *, seed: Optional[int] = None,
            overrides: Optional[Overrides] = None) -> brokersim.Result:
        chosen = marked if scenario is None else scenario
        if chosen is None:
            raise pytest.UsageError('simulate() has no scenario: give it one, or mark the test with @pytest.mark.brokersim("x.json")')
        merged = {**(marked_overrides if scenario is None else {}), **(overrides or {})}
        this = _Run(_found(chosen, request), merged or None, brokersim_seed if seed is None else seed)
        runs.append(this)
        try:
            this.result = brokersim.run(this.scenario, this.seed, this.overrides)
        except brokersim.BrokersimError as error:
            this.error = error
            raise
        properties = request.node.user_properties
        properties += [("brokersim_scenario", this.result.scenario), ("brokersim_seed", this.result.seed),
                       ("brokersim_fingerprint", this.result.fingerprint), ("brokersim_replay", this.result.replay)]
        return this.result

    return run


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]  # untyped before pytest 7.3
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """To a failed test's report: what each of its runs showed, how to repeat it, and where its artefacts are."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    nothing: list[_Run] = []
    runs = item.stash.get(_runs_key, nothing)
    if report.when != "call" or not report.failed or not runs:
        return
    told = []
    for number, run in list(enumerate(runs, 1))[-RUNS_KEPT:]:
        folder = _keep(item, run, f"run-{number}" if len(runs) > 1 else "")
        told.append((f"Run {number} of {len(runs)}: " if len(runs) > 1 else "") + _told(run, folder))
        if folder is not None:
            item.user_properties.append(("brokersim_artifacts", str(folder)))  # JUnit takes them when the test is torn down
    report.sections.append(("brokersim", "\n\n".join(told)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Notes which seeds failed. With xdist this is the controller's process, which sees all of them."""
    config = _config_of_session
    seed = re.search(r"seed=(\d+)", report.nodeid.partition("[")[2])
    if config is None or seed is None:
        return
    base = _base(report.nodeid)
    if report.failed:
        failed = config.stash[_failed_key].setdefault(base, [])
        if int(seed[1]) not in failed:
            failed.append(int(seed[1]))
            _remember(config)  # now, since a session may be killed
    elif report.when == "call":
        config.stash[_passed_key].setdefault(base, []).append(int(seed[1]))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Keeps the configuration for the reports."""
    global _config_of_session
    _config_of_session = session.config


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remembers the seeds that failed for --brokersim-seeds=last-failed; forgets those of tests that have passed."""
    _remember(session.config)


def _remember(config: pytest.Config) -> None:
    """Writes the seeds that failed, these and those of tests that have not passed since. Of xdist only the controller does."""
    cache = getattr(config, "cache", None)
    if cache is None or hasattr(config, "workerinput"):
        return
    failed: dict[str, list[int]] = {}
    nothing: dict[str, list[int]] = {}
    for known, gone in ((config.stash[_last_failed_key], config.stash[_passed_key]), (config.stash[_failed_key], nothing)):
        for base, seeds in known.items():
            left = sorted({*failed.get(base, []), *seeds} - set(gone.get(base, [])))
            if left:
                failed[base] = left
    if failed != _cached(config):
        cache.set(CACHE_KEY, failed)


_config_of_session: Optional[pytest.Config] = None


def _told(run: _Run, folder: Optional[Path]) -> str:
    """Cause first: broken expectations and laws, loss stories, unavailable windows; then the way to repeat it."""
    if run.result is None:
        return str(run.error)
    result = run.result
    lines = [f"{result.title} (seed {result.seed}): {result.verdict}, {result.records.lost_acknowledged:,} acknowledged records lost, "
             f"longest unavailable {result.longest_unavailable_s():.2f} s"]
    lines += [f"{e.verdict}: {e.text} ({e.detail})" for e in result.expectations if e.verdict != "holds"][:LISTED]
    lines += [f"law {check.id} {check.verdict}: {check.title}" for check in result.checks if check.id in result.failed_laws][:LISTED]
    lines += [f"{loss.records:,} of {loss.of}: {loss.explanation}" for loss in result.losses[:STORIES_SHOWN]]
    if len(result.losses) > STORIES_SHOWN:
        lines.append(f"{len(result.losses) - STORIES_SHOWN} more losses")
    lines += [f"fault {f.kind} of {f.target} at {f.at_s:.3f} s" for f in result.faults if f.fired][:LISTED]
    if folder is not None:
        lines.append(f"Artefacts: {folder}")
        lines.append(f"Replay:    brokersim run {folder / 'scenario.json'} --seed {result.seed}")
    else:
        lines.append(f"Replay:    {result.replay}")
    return "\n".join(lines)


def _keep(item: pytest.Item, run: _Run, part: str) -> Optional[Path]:
    """Writes what a person needs who was not there, to the test's folder or `part` of it; None if nothing is to be kept, or cannot be."""
    config = item.config
    option = config.getoption("--brokersim-artifacts")
    where = config.getini("brokersim_artifacts") if option is None else option
    if not where:
        return None
    name = re.sub(r"[^\w.=-]+", "_", item.nodeid)
    if len(name) > NAME_MAX:  # what file systems take; the rest as a hash, so that no two tests share a folder
        name = f"{name[:NAME_MAX]}-{_brokersim.hash_text(name)[:8]}"
    folder = Path(config.rootpath, where, name, part)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scenario = _whole(run)
        if run.seed is not None:
            scenario["seed"] = run.seed
        scenario.save(folder / "scenario.json")
        if run.result is None:
            (folder / "error.txt").write_text(f"{run.error}\n", encoding="utf-8")
        else:
            (folder / "result.json").write_text(json.dumps(run.result.as_dict(), indent=2) + "\n", encoding="utf-8")
            (folder / "result.txt").write_text(run.result.text(), encoding="utf-8")
            (folder / "replay.txt").write_text(f"brokersim run {folder / 'scenario.json'} --seed {run.result.seed}\n"
                                               f"fingerprint {run.result.fingerprint}\n", encoding="utf-8")
            run.result.report(folder / "report.html")
            if run.result._first_failure_s is not None:
                run.result.trace(folder / "failure.pftrace", failure="2 s")
    except (OSError, ValueError, brokersim.BrokersimError):
        return None
    return folder


def _whole(run: _Run) -> brokersim.Scenario:
    """The scenario with its overrides in place, and paths inside it that lead from anywhere."""
    value: Any = run.scenario
    if isinstance(value, brokersim.Scenario):
        scenario = value.copy()
    elif isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{")):
        scenario = brokersim.Scenario(value)
    else:
        scenario = brokersim.Scenario.load(value)
    base = Path(scenario.file).resolve().parent if scenario.file else Path.cwd()
    for pointer, changed in (run.overrides or {}).items():
        scenario[pointer] = changed
    _absolute(scenario.to_dict(), "", base, scenario)
    return scenario


def _absolute(value: Any, pointer: str, base: Path, scenario: brokersim.Scenario) -> None:
    """Named .properties files from wherever the artefact is read."""
    items: Iterable[tuple[str, Any]] = value.items() if isinstance(value, dict) else \
        ((str(i), child) for i, child in enumerate(value)) if isinstance(value, list) else ()
    for key, child in items:
        below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if key == "properties" and isinstance(child, str):
            scenario[below] = str(base / child)
        else:
            _absolute(child, below, base, scenario)


def _found(scenario: ScenarioLike, request: pytest.FixtureRequest) -> ScenarioLike:
    """A relative path from the folder of the test's file, or else from pytest's root or the working directory."""
    if isinstance(scenario, (str, Path)) and not str(scenario).lstrip().startswith("{") and not Path(scenario).is_absolute():
        for base in (request.node.path.parent, request.config.rootpath):
            path = Path(base, scenario)
            if path.exists():
                return path
    return scenario


def _parsed_seeds(text: str) -> list[int]:
    one = re.fullmatch(r"seed=(\d+)", text)
    count = re.fullmatch(r"\d+", text)
    both = re.fullmatch(r"(\d+)\.\.(\d+)", text)
    if one:
        return [int(one[1])]
    if count and int(text) > SEEDS_MAX or both and int(both[2]) - int(both[1]) >= SEEDS_MAX:
        raise pytest.UsageError(f"--brokersim-seeds is {text!r}: more than {SEEDS_MAX:,} tests of each; a sweep has room for more")
    if count and int(text) > 0:
        return list(range(1, int(text) + 1))
    if both and int(both[1]) <= int(both[2]):
        return list(range(int(both[1]), int(both[2]) + 1))
    raise pytest.UsageError(f"--brokersim-seeds is {text!r}; it must be 20 (seeds 1 to 20), 100..199, seed=7 or last-failed")


def _check_marker(marker: pytest.Mark, nodeid: str, used: bool) -> None:
    """A misspelt word, or seeds for a test that runs nothing, would pass as a green test."""
    unknown = [word for word in marker.kwargs if word not in ("scenario", "seeds", "overrides")]
    if unknown or len(marker.args) > 3:
        raise pytest.UsageError(f"{nodeid}: the brokersim marker has {', '.join(unknown) or 'too many arguments'}; it takes scenario, seeds and overrides")
    if not used:
        raise pytest.UsageError(f"{nodeid}: the brokersim marker does nothing here, for the test has no fixture `simulate` (or `brokersim_seed`)")


def _marked_seeds(seeds: Union[int, Sequence[int], Any], nodeid: str) -> list[int]:
    if isinstance(seeds, int) and not isinstance(seeds, bool) and 0 < seeds <= SEEDS_MAX:
        return list(range(1, seeds + 1))
    try:
        listed = [brokersim.runner.checked_seed(seed) for seed in seeds]  # type: ignore[union-attr]
        ordered = sorted(listed)
        twice = [one for one, next_one in zip(ordered, ordered[1:]) if one == next_one]
        if twice:
            raise pytest.UsageError(f"{nodeid}: seeds of the brokersim marker has {twice[0]} more than once; a seed gives the same run every time")
        if not listed:
            raise pytest.UsageError(f"{nodeid}: seeds of the brokersim marker is empty, so that nothing would be tested")
        return listed
    except (TypeError, ValueError):
        raise pytest.UsageError(f"{nodeid}: seeds of the brokersim marker is {seeds!r}; it must be a number of seeds, or a "
                                "list or range of them") from None


def _wants_last_failed(config: pytest.Config) -> bool:
    asked = (config.getoption("--brokersim-seeds") or config.getini("brokersim_seeds")) == "last-failed"
    return asked and bool(config.stash[_last_failed_key])


def _cached(config: pytest.Config) -> dict[str, list[int]]:
    cache = getattr(config, "cache", None)
    kept = cache.get(CACHE_KEY, {}) if cache is not None else {}
    return kept if isinstance(kept, dict) else {}


def _base(nodeid: str) -> str:
    return nodeid.partition("[")[0]
