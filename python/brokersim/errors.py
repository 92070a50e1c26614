"""What can go wrong that is not a result: the scenario, or brokersim itself."""
from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional


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


    def __str__(self) -> str:
        place = self.file + (f":{self.line}:{self.column}" if self.line else "") + (f"  {self.pointer}" if self.pointer else "")
        return f"{self.severity}: {self.message}   [{self.code}]\n  --> {place}" + (f"\n  hint: {self.hint}" if self.hint else "")

    def _repr_html_(self) -> str:
        return Diagnostics([self])._repr_html_()


class Diagnostics(list[Diagnostic]):
    """All problems of a scenario, in the order of their place; empty if all is well. `str()` is what the command line
    prints; notebooks show a table."""

    def __init__(self, problems: Iterable[Diagnostic] = ()):
        super().__init__(problems)

    @property
    def errors(self) -> Diagnostics:
        """Those that keep the scenario from running."""
        return Diagnostics(problem for problem in self if problem.severity == "error")

    @property
    def warnings(self) -> Diagnostics:
        """Those that do not."""
        return Diagnostics(problem for problem in self if problem.severity != "error")

    def __str__(self) -> str:
        return "\n".join(map(str, self)) if self else "no problems"

    def _repr_html_(self) -> str:
        if not self:
            return "<p>no problems</p>"
        rows = "".join("<tr style='text-align:left'>" + "".join(
            f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in (
                problem.severity, f"{problem.file}:{problem.line}" if problem.line else problem.file, problem.pointer,
                problem.message, problem.hint)) + "</tr>" for problem in self)
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("", "place", "pointer", "problem", "way out"))
        return f"<table><tr>{head}</tr>{rows}</table>"


class BrokersimError(Exception):
    """Base of every error that brokersim raises on its own behalf."""


class ScenarioError(BrokersimError, ValueError):
    """The scenario or an override is wrong; nothing was run. `str()` shows every problem with its place and a hint."""

    def __init__(self, rendered: str, diagnostics: list[Diagnostic]):
        super().__init__(rendered, diagnostics)
        self.rendered = rendered                     #: As the command line prints it.
        self.diagnostics = Diagnostics(diagnostics)  #: All problems, warnings included.

    def __str__(self) -> str:
        return self.rendered.rstrip("\n")

    def _repr_html_(self) -> str:
        return self.diagnostics._repr_html_()


class CheckerError(BrokersimError, RuntimeError):
    """A checker or a workload written in Python failed by an error of its own, which is `__cause__`. The run was not
    judged."""

    def __init__(self, name: str, message: str, at_s: Optional[float] = None):
        super().__init__(name, message, at_s)
        self.name = name        #: Of the checker or workload.
        self.message = message  #: What failed, and where.
        self.at_s = at_s        #: Simulated seconds; None: outside of the run.

    def __str__(self) -> str:
        return self.message


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
