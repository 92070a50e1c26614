"""What is refused, and how it says so."""
import pytest

import brokersim
from brokersim import _brokersim
from brokersim.runner import execute, load, replay_of, result_of


# Goal: all problems at once, each with its place and the way out.
def test_scenario_error_tells_every_problem(small):
    small["systems"]["kafka"]["topics"][0]["replication_facter"] = 3
    small["duration"] = "12 lightyears"
    with pytest.raises(brokersim.ScenarioError) as caught:
        brokersim.run(small)
    pointers = {d.pointer: d for d in caught.value.diagnostics if d.severity == "error"}
    assert set(pointers) == {"/duration", "/systems/kafka/topics/0/replication_facter"}
    unknown = pointers["/systems/kafka/topics/0/replication_facter"]
    assert unknown.code == "scenario/unknown-field"
    assert "replication_factor" in unknown.hint
    assert unknown.file == "<dict>" and unknown.line == 1
    assert "2 errors; nothing was run." in str(caught.value)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, brokersim.BrokersimError)


def test_check_returns_what_run_would_raise_and_runs_nothing(small):
    assert brokersim.check(small) == []
    problems = brokersim.check(small, overrides={"/hosts/0/count": 0})
    with pytest.raises(brokersim.ScenarioError) as caught:
        brokersim.run(small, overrides={"/hosts/0/count": 0})
    assert problems == caught.value.diagnostics and problems != []


def test_missing_file_is_a_scenario_error(tmp_path):
    with pytest.raises(brokersim.ScenarioError) as caught:
        brokersim.run(tmp_path / "not-there.json")
    assert "not-there.json" in str(caught.value)


def test_broken_json_has_line_and_column():
    (problem,) = brokersim.check('{\n  "duration": "12 s",,\n}')
    assert (problem.line, problem.column) == (2, 22)


def test_override_that_leads_nowhere_is_a_scenario_error(small):
    with pytest.raises(brokersim.ScenarioError, match="no element"):
        brokersim.run(small, overrides={"/workloads/7/rate": "1 /s"})


@pytest.mark.parametrize(("arguments", "error", "says"), [
    ({"scenario": 42}, TypeError, "a path, the text of a scenario file, or a dict"),
    ({"seed": -1}, ValueError, "0 to 2^64 - 1"),
    ({"seed": 2**64}, ValueError, "0 to 2^64 - 1"),
    ({"seed": 1.0}, TypeError, "whole number"),
    ({"seed": True}, TypeError, "whole number"),
    ({"seed": "7"}, TypeError, "whole number"),
    ({"overrides": ["/duration=1 s"]}, TypeError, "dict of JSON pointer to value"),
    ({"overrides": {"duration": "1 s"}}, ValueError, 'start with "/"'),
    ({"overrides": {"/a=b": 1}}, ValueError, '"="'),
    ({"overrides": {7: 1}}, TypeError, "JSON pointer"),
    ({"overrides": {"/duration": float("nan")}}, ValueError, "/duration is not JSON"),
    ({"overrides": {"/duration": object()}}, ValueError, "/duration is not JSON"),
])
def test_wrong_arguments_are_refused_with_the_way_out(small, arguments, error, says):
    with pytest.raises(error) as caught:
        brokersim.run(**{"scenario": small, **arguments})
    assert says in str(caught.value)


# Goal: a bug of ours ends one run, not the process. Method: a SIM_CHECK that is false by construction, half way
# through the simulated time; then an ordinary run in the same process.
def test_invariant_violation_ends_one_run_and_the_process_lives(small):
    good = brokersim.run(small)
    with pytest.raises(brokersim.InvariantViolation) as caught:
        outcome = execute(load(small, None), 9, _failing_check=True)
        result_of(outcome, replay_of(small, None, 9))
    assert "sum == 3" in caught.value.message
    assert "planted by a test of the Python package" in caught.value.message
    assert "at 6.000" in caught.value.message, "half of 12 s"
    assert caught.value.seed == 9
    assert caught.value.replay == "brokersim.run(scenario, seed=9)"
    assert "replay: brokersim.run(scenario, seed=9)" in str(caught.value)
    assert not isinstance(caught.value, ValueError), "not the user's mistake"
    assert brokersim.run(small).fingerprint == good.fingerprint


def test_invariant_violation_of_a_file_names_the_command_line(scenarios):
    path = scenarios / "quickstart/first-steps.json"
    outcome = execute(load(path, {"/duration": "11 s"}), 3, _failing_check=True)
    assert outcome.exit_code == 70
    with pytest.raises(brokersim.InvariantViolation) as caught:
        result_of(outcome, outcome.replay)
    assert caught.value.replay.startswith(f"brokersim run {path} --seed 3 --set ")


# Goal: a bug outside the event loop is one too. Method: running what did not load, which the package never does.
def test_bug_outside_the_event_loop_is_an_invariant_violation(small):
    broken = _brokersim.load_text("{}", "<text>", [])
    assert not broken.runnable
    with pytest.raises(brokersim.InvariantViolation, match="runs no scenario that has errors"):
        execute(broken, 1)
    assert brokersim.run(small).records.lost_acknowledged == 0
