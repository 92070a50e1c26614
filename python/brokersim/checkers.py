"""Laws of one's own: Python functions and classes that judge a run, beside those that brokersim judges anyway.

    def quick_enough(result):                       # called once, when the run is over
        assert result.latency.produce.p99 <= "50 ms", "the slowest percent took too long"

    class NeverBackwards(brokersim.Checker):        # called for every event of the kinds it asks for
        "A consumer never sees an offset twice."
        events = ("consumed",)

        def begin(self):
            self.next = {}

        def on(self, event):
            where = event.consumer, event.partition
            if event.base_offset < self.next.get(where, 0):
                self.breach(event.at_s, f"{event.consumer} went back to {event.base_offset} of {event.partition}")
            self.next[where] = event.base_offset + event.count

    result = brokersim.run(scenario, checkers=[quick_enough, NeverBackwards])
    result.check("NeverBackwards").verdict

Checkers see what happened and change nothing: the run has the fingerprint that it has without them. Events come in their
order, so that a checker without dice, clocks and walks over sets of its own comes to the same verdict every time.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Union

from brokersim import _brokersim
from brokersim.errors import CheckerError
from brokersim.parts import Check

if TYPE_CHECKING:
    from brokersim.result import Result


class Event(SimpleNamespace):
    """What a checker is called with: `kind`, `at_s` (simulated seconds), and the fields of its kind as attributes;
    `brokersim.event_kinds()` says which. Partitions are text ("orders/0"), clients their names, brokers their ids."""

    kind: str
    at_s: float

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"an event {self.__dict__.get('kind', '')!r} has no {name!r}; it has {', '.join(self.__dict__)}")


class Checker:
    """Base of checkers that look at events. Give the class to `run` or `sweep`: every run has an instance of its own.

    The name is the class's, the title the first line of its docstring."""

    #: Kinds of events that on() is called with; brokersim.event_kinds() lists them.
    events: ClassVar[Sequence[str]] = ()

    def __init__(self) -> None:
        self._breaches: list[tuple[float, str]] = []

    def begin(self) -> None:
        """Called before the run; for state."""

    def on(self, event: Event) -> None:
        """Called for each event of the kinds in `events`, in their order."""

    def end(self, result: Result) -> None:
        """Called when the run is over, with what it showed."""

    def breach(self, at_s: float, story: str) -> None:
        """The law was broken at `at_s` (simulated seconds). Call it as often as it was; the first story is told."""
        self._breaches.append((at_s, story))


#: A class made of Checker, or a function of the result: None or True is well, text or an AssertionError a breach.
CheckerLike = Union[type[Checker], "Callable[[Result], Any]"]


def event_kinds() -> dict[str, str]:
    """The kinds of events that a Checker may ask for, with their fields. Every event has `kind` and `at_s` besides."""
    return dict(_brokersim.event_kinds())


class Panel:
    """The checkers of one run. Not public."""

    def __init__(self, checkers: Sequence[CheckerLike]):
        self._classes = [self._made(one) for one in checkers]
        self._functions = [one for one in checkers if not inspect.isclass(one)]
        self._order = [_name(one) for one in checkers]
        self._events = 0
        self._at_s = 0.0
        self._at: Optional[str] = None
        self._wanted = {kind: [one for one in self._classes if one is not None and kind in one.events]
                        for one in self._classes if one is not None for kind in one.events}
        self._checkers = checkers

    @property
    def kinds(self) -> list[str]:
        """Kinds of events that somebody asks for."""
        return list(self._wanted)

    @staticmethod
    def _made(one: CheckerLike) -> Optional[Checker]:
        return one() if isinstance(one, type) else None

    def execute(self, loaded: _brokersim.Loaded, seed: int) -> _brokersim.Run:
        """The run, watched. Raises CheckerError if a checker does."""
        for one in self._classes:
            if one is not None:
                self._guard(_name(type(one)), one.begin)
        try:
            return _brokersim.watch_run(loaded, seed, self.kinds, self._take)
        except CheckerError:
            raise
        except _brokersim.Bug:
            raise
        except Exception as error:
            raise self._error(self._at or "?", error) from error

    def _take(self, kind: str, at_s: float, fields: dict[str, Any]) -> None:
        self._events += 1
        self._at_s = at_s
        event = Event(kind=kind, at_s=at_s, **fields)
        for one in self._wanted[kind]:
            self._at = _name(type(one))
            one.on(event)

    def verdicts(self, result: Result) -> list[Check]:
        """The verdicts, in the order of the checkers. Raises CheckerError if a checker fails by another error than an
        AssertionError."""
        self._events = 0
        checks = []
        for checker, made in zip(self._checkers, self._classes):
            name = _name(checker)
            title = (inspect.getdoc(checker) or name).splitlines()[0]
            breaches = self._of_function(checker, name, result) if made is None else self._of_class(made, name, result)
            story = f"at {breaches[0][0]:.6f} s: {breaches[0][1]}" if breaches and breaches[0][0] >= 0 else breaches[0][1] if breaches else ""
            checks.append(Check(name, title, "violated" if breaches else "holds", len(breaches), story))
        return checks

    def _of_function(self, checker: Any, name: str, result: Result) -> list[tuple[float, str]]:
        try:
            said = checker(result)
        except AssertionError as error:
            return [(-1.0, str(error) or "the assertion does not hold")]
        except Exception as error:
            raise self._error(name, error) from error
        if said is None or said is True:
            return []
        return [(-1.0, said if isinstance(said, str) else f"it said {said!r}")]

    def _of_class(self, made: Checker, name: str, result: Result) -> list[tuple[float, str]]:
        try:
            made.end(result)
        except AssertionError as error:
            return [*made._breaches, (-1.0, str(error) or "the assertion does not hold")]
        except Exception as error:
            raise self._error(name, error) from error
        return made._breaches

    def _guard(self, name: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            raise self._error(name, error) from error

    def _error(self, name: str, error: Exception) -> CheckerError:
        where = f"at {self._at_s:.6f} s of simulated time, in its call number {self._events}" if self._events else "outside of the run"
        return CheckerError(name, f"the checker {name} failed {where}: {type(error).__name__}: {error}", self._at_s if self._events else None)


def checked(checkers: Any) -> list[CheckerLike]:
    """The argument `checkers`, or TypeError and ValueError with the way out."""
    if checkers is None:
        return []
    if not isinstance(checkers, Iterable) or isinstance(checkers, (str, bytes)):
        raise TypeError(f"checkers is {checkers!r}; it must be a list of Checker classes and functions of the result")
    known = event_kinds()
    listed = list(checkers)
    for one in listed:
        if isinstance(one, Checker):
            raise TypeError(f"give the class {type(one).__name__} itself, not an instance of it: every run needs its own")
        if inspect.isclass(one):
            if not issubclass(one, Checker):
                raise TypeError(f"{one.__name__} is a class, but no brokersim.Checker")
            for kind in one.events:
                if kind not in known:
                    raise ValueError(f"{one.__name__} asks for events {kind!r}; there are {', '.join(known)}")
        elif not callable(one):
            raise TypeError(f"the checker {one!r} is no function and no Checker class")
    names = [_name(one) for one in listed]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two checkers have the name {name}")
    return listed


def _name(checker: Any) -> str:
    return getattr(checker, "__name__", type(checker).__name__)
