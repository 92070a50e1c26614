"""What can go wrong that is not a result: the scenario, or brokersim itself."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """One problem of a scenario, with its place and the way out."""

    severity: str  #: "error" (cannot run) or "warning" (can, but perhaps not as its author thinks).
    code: str      #: "scenario/unknown-field": stable, for tests and searches.
    message: str   #: The fact and the rule.
    file: str      #: The path as given, or "--set POINTER=VALUE" for an override.
    line: int      #: From 1; 0 when the problem has no line.
    column: int    #: From 1, counted in bytes; 0 with line 0.
    pointer: str   #: JSON pointer of the value, "" for the whole document.
    hint: str      #: The way out, "" when there is none to give.


class BrokersimError(Exception):
    """Base of every error that brokersim raises on its own behalf."""


class ScenarioError(BrokersimError, ValueError):
    """The scenario or an override is wrong; nothing was run. `str()` shows every problem with its place and a hint."""

    def __init__(self, rendered: str, diagnostics: list[Diagnostic]):
        super().__init__(rendered, diagnostics)
        self.rendered = rendered        #: As the command line prints it.
        self.diagnostics = diagnostics  #: All problems, warnings included.

    def __str__(self) -> str:
        return self.rendered.rstrip("\n")


class InvariantViolation(BrokersimError, RuntimeError):
    """A promise of brokersim's own code was broken (a failed SIM_CHECK). It ended that one run: the process lives and
    other runs go on. Please report it with `replay`, which repeats it bit for bit."""

    def __init__(self, message: str, replay: str, seed: int):
        super().__init__(message, replay, seed)
        self.message = message  #: What was broken, where, and at which simulated time.
        self.replay = replay    #: The line to paste that repeats the run.
        self.seed = seed        #: Seed of the run.

    def __str__(self) -> str:
        return f"{self.message}\nreplay: {self.replay}"
