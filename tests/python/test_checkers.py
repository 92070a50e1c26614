"""Checkers written in Python: they see the history in its order, change nothing, and say where they fail."""
import pickle

import pytest

import brokersim

ACKS = "/workloads/0/config/acks"


class CountsRecords(brokersim.Checker):
    """Every record that was sent has an outcome."""

    events = ("sent", "produced")

    def begin(self):
        self.open = 0

    def on(self, event):
        self.open += event.count if event.kind == "sent" else -event.count

    def end(self, result):
        assert self.open == result.records.unfinished, f"{self.open} records without an outcome"


class Impatient(brokersim.Checker):
    """No batch takes longer than a nanosecond."""

    events = ("produced",)

    def on(self, event):
        if event.at_s - event.sent_s > 1e-9:
            self.breach(event.at_s, f"{event.producer} waited for {event.partition}")


class Falls(brokersim.Checker):
    """Fails by itself."""

    events = ("produced",)
    seen = 0

    def on(self, event):
        Falls.seen += 1
        if event.at_s > 1:
            raise KeyError("no such thing")


def quick(result):
    return result.latency.produce.p99 <= "100 s"


def never_well(result):
    """It always finds something."""
    return f"seed {result.seed}"


# Goal: looking changes nothing, and what is seen is what was counted. Method: the run with and without.
def test_checkers_see_the_run_and_change_nothing(small):
    plain = brokersim.run(small, seed=3)
    seen = []

    class Everything(brokersim.Checker):
        events = tuple(brokersim.event_kinds())

        def on(self, event):
            seen.append(event)

    result = brokersim.run(small, seed=3, checkers=[Everything, CountsRecords, quick])
    assert result.fingerprint == plain.fingerprint and result.metrics == plain.metrics
    assert [event.at_s for event in seen] == sorted(event.at_s for event in seen)
    produced = [event for event in seen if event.kind == "produced"]
    assert sum(event.count for event in produced if event.outcome == "acknowledged") == result.records.acknowledged > 0
    assert {event.producer for event in produced} == {"checkout-0"} and {event.acks for event in produced} == {-1}
    assert sum(event.count for event in seen if event.kind == "sent") == result.records.sent
    leaders = [event for event in seen if event.kind == "appended" and event.role == "leader"]
    assert leaders and all(event.partition.startswith("orders/") for event in leaders if event.producer == "checkout-0")
    assert [check.verdict for check in result.checks[-3:]] == ["holds"] * 3 and result.verdict == plain.verdict
    assert result.check("CountsRecords").title == "Every record that was sent has an outcome."
    with pytest.raises(AttributeError, match="has no 'brokr'; it has kind, at_s, "):
        produced[0].brokr


# Goal: a breach is a failed law, with its story and a line that repeats it. Method: a checker that must find something.
def test_a_breach_is_a_failed_law(small):
    result = brokersim.run(small, seed=3, checkers=[Impatient, never_well])
    assert result.verdict == "violated" and result.exit_code == 1 and result.failed_laws[-2:] == ["Impatient", "never_well"]
    check = result.check("Impatient")
    assert check.verdict == "violated" and check.breaches > 100 and check.detail.startswith("at ") and "checkout-0 waited" in check.detail
    assert result.check("never_well").detail == "seed 3" and result.check("never_well").title == "It always finds something."
    assert "violated: Impatient" in result.text() and result.text().rstrip().endswith(result.replay)
    assert result.replay == "brokersim.run(scenario, seed=3, checkers=[Impatient, never_well])"
    assert "Impatient" in result._repr_html_()
    again = brokersim.run(small, seed=3, checkers=[Impatient, never_well])
    assert again.as_dict()["checks"] == result.as_dict()["checks"], "the same every time"
    assert pickle.loads(pickle.dumps(result)).check("Impatient").breaches == check.breaches


# Goal: an error of a checker's own names checker, time and call, and keeps its cause. Method: one that falls after a second.
def test_errors_of_checkers_have_a_place(small):
    Falls.seen = 0
    with pytest.raises(brokersim.CheckerError, match=r"the checker Falls failed at 1\.\d+ s of simulated time, in its call number \d+: KeyError") as caught:
        brokersim.run(small, seed=3, checkers=[Falls])
    calls = Falls.seen
    assert isinstance(caught.value.__cause__, KeyError) and caught.value.name == "Falls" and 1 < caught.value.at_s < 1.5
    assert calls < brokersim.run(small, seed=3).batches, "it is not called again"

    def divides(result):
        return 1 / 0

    with pytest.raises(brokersim.CheckerError, match="divides failed outside of the run: ZeroDivisionError"):
        brokersim.run(small, checkers=[divides])


@pytest.mark.parametrize(("checkers", "error", "says"), [
    ([Impatient()], TypeError, "give the class Impatient itself"), ("Impatient", TypeError, "must be a list"), ([42], TypeError, "no function"),
    ([dict], TypeError, "no brokersim.Checker"), ([quick, quick], ValueError, "two checkers have the name quick"),
    ([type("Curious", (brokersim.Checker,), {"events": ("gossip",)})], ValueError, "asks for events 'gossip'; there are sent, ")])
def test_wrong_checkers_are_refused(small, checkers, error, says):
    with pytest.raises(error, match=says):
        brokersim.run(small, checkers=checkers)


# Goal: sweeps have them, too: a fresh checker for every run, a column for each. Method: threads against the single runs.
def test_sweeps_with_checkers(small, tmp_path):
    rows = brokersim.sweep(small, {ACKS: [1, "all"]}, seeds=[1, 2], checkers=[Impatient, quick], metrics=["records.sent"], jobs=2)
    for row in rows:
        one = brokersim.run(small, seed=row["seed"], overrides={ACKS: row[ACKS]}, checkers=[Impatient, quick])
        assert row["check Impatient"] == one.check("Impatient").breaches > 0 and row["check quick"] == 0
        assert row["verdict"] == "violated" and row["exit_code"] == 1 and row["fingerprint"] == one.fingerprint
    assert rows.share("check Impatient")[0]["hits"] == 2
    with pytest.raises(ValueError, match="a store knows nothing of checkers"):
        brokersim.sweep(small, checkers=[quick], store=tmp_path / "runs.jsonl")


def test_every_kind_has_a_text():
    kinds = brokersim.event_kinds()
    assert len(kinds) > 20 and all(len(text) > 5 for text in kinds.values())
