"""Scenario: the file as an object."""
import copy
import json
import pickle

import pytest

import brokersim


@pytest.fixture
def scenario(small):
    return brokersim.Scenario(small)


# Goal: loading and running it is running the file. Method: the fingerprint, the replay line and the whole JSON value.
def test_loaded_scenario_is_the_file(scenarios):
    path = scenarios / "quickstart/first-steps.json"
    scenario = brokersim.Scenario.load(path)
    from_file, from_object = brokersim.run(path), scenario.run()
    assert from_object.fingerprint == from_file.fingerprint
    assert from_object.replay == from_file.replay
    assert scenario.file == str(path) and scenario.text() == path.read_text()


# Goal: the object is the JSON, read, set and deleted by name, attribute and pointer.
def test_values_are_read_set_and_deleted(scenario, small):
    assert scenario["/workloads/0/config/acks"] == "all" == scenario.workloads[0]["config"]["acks"]
    assert scenario["duration"] == scenario.duration == "12 s" and "duration" in scenario and len(scenario) == len(small)
    scenario["/workloads/0/config/linger.ms"] = 5
    scenario["/network/cross_zone"] = "1 ms"
    scenario["/faults/-"] = {"at": "1 s"} if scenario.get("faults") else None
    del scenario["/faults"]
    scenario.duration = "11 s"
    assert scenario["/network"] == {"cross_zone": "1 ms"} and scenario["duration"] == "11 s"
    del scenario["/network"]
    assert small["duration"] == "12 s", "made from a copy"
    assert scenario.to_dict() == {**small, "duration": "11 s",
                                  "workloads": [{**small["workloads"][0], "config": {"acks": "all", "linger.ms": 5}}]}


def test_list_elements_are_appended_and_replaced(scenario):
    scenario["/faults"] = []
    scenario["/faults/-"] = {"at": "1 s", "kind": "kill_process", "target": {"broker": 0}}
    scenario["/faults/0/at"] = "2 s"
    scenario["/faults/1"] = {"at": "3 s", "kind": "kill_process", "target": {"broker": 1}}
    assert [fault["at"] for fault in scenario.faults] == ["2 s", "3 s"]
    scenario["/faults/1"] = scenario["/faults/0"]
    del scenario["/faults/0"]
    assert len(scenario.faults) == 1
    with pytest.raises(KeyError, match="the list has 1"):
        scenario["/faults/5"] = {}


def test_escaped_pointers(scenario):
    scenario["/x-notes"] = {"a/b": 1, "c~d": 2}
    assert scenario["/x-notes/a~1b"] == 1 and scenario["/x-notes/c~0d"] == 2


def test_what_is_not_there_is_told_with_a_suggestion(scenario):
    with pytest.raises(KeyError, match="did you mean 'duration'"):
        scenario["duratoin"]
    with pytest.raises(KeyError, match="did you mean 'acks'"):
        scenario["/workloads/0/config/ack"]
    with pytest.raises(KeyError, match="numbered from 0"):
        scenario["/workloads/1"]
    with pytest.raises(AttributeError, match='"faults" is not set'):
        scenario.faults
    with pytest.raises(AttributeError, match="did you mean 'duration'"):
        scenario.duratoin = "1 s"
    with pytest.raises(AttributeError, match="did you mean 'workloads'"):
        scenario["/workload/0"] = {}
    with pytest.raises(TypeError, match="names or JSON pointers"):
        scenario[0]
    with pytest.raises(TypeError, match="Scenario.load"):
        brokersim.Scenario(42)


# Goal: validate() is check(): place, fact, way out; lines are the file's as long as nothing was changed.
def test_validate(scenarios, scenario, tmp_path):
    assert scenario.validate() == [] and str(scenario.validate()) == "no problems"
    path = tmp_path / "wrong.json"
    path.write_text('{\n  "duration": "12 parsec"\n}\n')
    problems = brokersim.Scenario.load(path).validate()
    (problem,) = [p for p in problems.errors if p.pointer == "/duration"]
    assert problem.line == 2 and problem.file == str(path) and str(path) in str(problem)
    assert problem.message in str(problems) and problems.errors != [] and problems.warnings == []
    assert "parsec" in problems._repr_html_() and "parsec" in problem._repr_html_()


def test_text_that_is_no_json_is_a_scenario_error(tmp_path):
    (tmp_path / "broken.json").write_text('{\n  "duration": "12 s",,\n}')
    with pytest.raises(brokersim.ScenarioError) as caught:
        brokersim.Scenario.load(tmp_path / "broken.json")
    assert (caught.value.diagnostics[0].line, caught.value.diagnostics[0].column) == (2, 22)
    with pytest.raises(brokersim.ScenarioError):
        brokersim.Scenario("[1, 2]")


def test_saved_copied_changed_and_pickled(scenario, tmp_path):
    scenario.save(tmp_path / "saved.json")
    again = brokersim.Scenario.load(tmp_path / "saved.json")
    assert again == scenario and again.run().fingerprint == scenario.run().fingerprint
    other = scenario.changed({"/workloads/0/config/acks": 1})
    assert other != scenario and scenario["/workloads/0/config/acks"] == "all"
    for same in (pickle.loads(pickle.dumps(again)), copy.deepcopy(again), again.copy()):
        assert same == again and same.file == again.file
        same.workloads[0]["rate"] = "1 /s"
        assert same != again


# Goal: a changed scenario does not claim to be its file. Method: the replay line.
def test_replay_of_a_changed_scenario_does_not_name_the_file(scenarios):
    scenario = brokersim.Scenario.load(scenarios / "quickstart/first-steps.json")
    scenario.duration = "11 s"
    assert scenario.run(seed=3).replay == "brokersim.run(scenario, seed=3)"
    assert json.loads(scenario.text())["duration"] == "11 s"


def test_a_scenario_goes_wherever_a_dict_goes(scenario, small):
    assert brokersim.run(scenario, seed=3).fingerprint == brokersim.run(small, seed=3).fingerprint
    rows = brokersim.sweep(scenario, {"/workloads/0/config/acks": [1]}, seeds=[3], metrics=["records.sent"])
    assert rows[0]["fingerprint"] == brokersim.run(small, seed=3, overrides={"/workloads/0/config/acks": 1}).fingerprint
    futures = brokersim.branch(scenario, at="5 s", only=0)
    assert futures[0]["fingerprint"] == brokersim.run(small).fingerprint


def test_notebooks_show_what_it_is(scenario):
    shown = scenario.changed({"title": "<b>", "/workloads/0/rate": "1 parsec"})._repr_html_()
    assert "&lt;b&gt;" in shown and "<b>&" not in shown and "parsec" in shown and "checkout" in shown
