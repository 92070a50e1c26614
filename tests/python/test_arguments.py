"""Wrong arguments get an answer that says what was given, what is wanted, and how to write it."""
import pytest

import brokersim

ACKS = "/workloads/0/config/acks"


def arguments():
    """(call of a scenario and a result, error, what it says) each."""
    run, sweep = brokersim.run, brokersim.sweep
    return [
        # run
        (lambda s, r: run(42), TypeError, "must be a path, the text of a scenario file, or a dict"),
        (lambda s, r: run(s, seed="7"), TypeError, "whole number or None"),
        (lambda s, r: run(s, seed=-1), ValueError, "0 to 2\\^64 - 1"),
        (lambda s, r: run(s, seed=1.5), TypeError, "whole number"),
        (lambda s, r: run(s, seed=True), TypeError, "whole number"),
        (lambda s, r: run(s, overrides=[ACKS]), TypeError, "must be a dict of JSON pointer to value"),
        (lambda s, r: run(s, overrides={"acks": 1}), ValueError, 'must start with "/"'),
        (lambda s, r: run(s, overrides={3: 1}), TypeError, "must be a JSON pointer"),
        (lambda s, r: run(s, overrides={ACKS: object()}), ValueError, "is not JSON"),
        (lambda s, r: run(s, overrides={"/workloads/0/config/ack": 1}), brokersim.ScenarioError, "did you mean"),
        (lambda s, r: run(s, overrides={"/duration": 30}), brokersim.ScenarioError, "hint"),
        (lambda s, r: run("no/such/file.json"), brokersim.ScenarioError, "no/such/file.json"),
        (lambda s, r: run(s, workloads=["checkout"]), TypeError, "must be a dict"),
        (lambda s, r: run(s, workloads={"checkout": 200}), TypeError, "gives records per second"),
        # scenarios
        (lambda s, r: brokersim.Scenario(42), TypeError, "Scenario.load\\(path\\) reads a file"),
        (lambda s, r: brokersim.Scenario("{"), brokersim.ScenarioError, ""),
        (lambda s, r: brokersim.Scenario(s)["/workloads/7"], KeyError, "the list has 1"),
        (lambda s, r: brokersim.Scenario(s)["/workloads/0/confg"], KeyError, "did you mean 'config'"),
        (lambda s, r: setattr(brokersim.Scenario(s), "durration", "3 s"), AttributeError, "did you mean 'duration'"),
        # results
        (lambda s, r: r.metric("records.snt"), KeyError, "did you mean 'records.sent'"),
        (lambda s, r: r.check("S99"), KeyError, "there are S1"),
        (lambda s, r: r.latency("prduce"), ValueError, "there are produce"),
        (lambda s, r: r.frame("loses"), ValueError, "it has losses|losses"),
        (lambda s, r: r.latency.produce.p99 <= "20", ValueError, "such as"),
        (lambda s, r: r.latency.produce.p99 <= "20 MB", ValueError, "such as"),
        (lambda s, r: r.trace("x", start="2 s", end="1 s"), ValueError, "is empty"),
        (lambda s, r: r.trace("x", start="soon"), ValueError, "such as"),
        (lambda s, r: r.trace("x", slices_max=0), ValueError, "at least 1"),
        # sweeps
        (lambda s, r: sweep(s, {ACKS: "all"}), TypeError, "even for one: \\['all'\\]"),
        (lambda s, r: sweep(s, [ACKS]), TypeError, "must be a dict of JSON pointer to a list"),
        (lambda s, r: sweep(s, seeds=20), TypeError, "such as range\\(1, 21\\)"),
        (lambda s, r: sweep(s, seeds=[1, 2, 1]), ValueError, "seeds has 1 twice"),
        (lambda s, r: sweep(s, {ACKS: [1, "all", 1]}), ValueError, "has 1 twice"),
        (lambda s, r: sweep(s, {"/seed": [1, 2]}), ValueError, "give seeds=range"),
        (lambda s, r: sweep(s, {ACKS: [1], "/workloads/0/config": [{"acks": 1}]}), ValueError, "is a part of"),
        (lambda s, r: sweep(s, jobs=0), ValueError, "at least 1"),
        (lambda s, r: sweep(s, metrics="records.sent"), TypeError, "even for one"),
        (lambda s, r: sweep(s, metrics=["records.snt"]), ValueError, "did you mean"),
        (lambda s, r: sweep(s, seeds=[1], metrics=["records.sent of nobody"]), ValueError, "it has checkout"),
        (lambda s, r: sweep(s, {ACKS: ["sometimes"]}), brokersim.ScenarioError, "acks"),
        (lambda s, r: sweep(s, precision={"records.sent": "-5%"}), ValueError, "positive number"),
        (lambda s, r: sweep(s, executor="threads"), TypeError, "concurrent.futures.Executor"),
        (lambda s, r: sweep(s, [], []).report("x"), (ValueError, TypeError), ""),
        (lambda s, r: sweep(s, seeds=[]).report("x"), ValueError, "no rows"),
        (lambda s, r: sweep(s, seeds=[1], metrics=["records.sent"]).summary("records.sent", confidence=95), ValueError, "between 0 and 1"),
        (lambda s, r: sweep(s, {ACKS: [1]}, seeds=[1]).difference("records.sent", ACKS, 1, 2), ValueError, "was not tried with 2"),
        # searches
        (lambda s, r: brokersim.morris(s, {ACKS: [1]}, 42), TypeError, "a metric's name"),
        (lambda s, r: brokersim.sobol(s, {ACKS: [1, "all"]}, "records.sent", points=1), ValueError, "at least 4"),
        (lambda s, r: brokersim.morris(s, {ACKS: [1, "all"]}, "records.sent", trajectories=True), ValueError, "at least 2"),
    ]


@pytest.fixture(scope="module")
def result():
    from conftest import SMALL

    return brokersim.run(SMALL)


@pytest.mark.parametrize("number", range(len(arguments())))
def test_wrong_arguments_get_a_helpful_answer(small, result, number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, error, says = arguments()[number]
    with pytest.raises(error, match=says) as caught:
        call(small, result)
    assert len(str(caught.value)) > 12 and "Traceback" not in str(caught.value)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


# Goal: every public name explains itself. Method: docstrings of all names, their methods and properties.
def test_every_public_name_has_a_docstring():
    import inspect

    bare = []
    for name in brokersim.__all__:
        value = getattr(brokersim, name)
        if name.startswith("__"):
            continue
        text = value.__doc__ or ""
        if len(text) < 15 or (inspect.isclass(value) and text.startswith(name + "(")):
            bare.append(name)
        for member, what in vars(value).items() if inspect.isclass(value) else ():
            function = what.fget if isinstance(what, property) else getattr(what, "__func__", what)
            if not member.startswith("_") and inspect.isfunction(function) and not function.__doc__:
                bare.append(f"{name}.{member}")
    assert bare == []
