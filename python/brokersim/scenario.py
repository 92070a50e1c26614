"""Scenario: a scenario file as an object."""
from __future__ import annotations

import copy
import difflib
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union

from brokersim import _brokersim
from brokersim.errors import Diagnostic, Diagnostics, ScenarioError

if TYPE_CHECKING:
    from brokersim.result import Result


class Scenario(MutableMapping[str, Any]):
    """A scenario file as an object that mirrors its JSON.

        scenario = brokersim.Scenario.load("scenarios/incidents/leader-kill.json")
        scenario["/workloads/0/config/acks"]          # a JSON pointer reads, sets, deletes
        scenario.duration = "30 s"                    # a member of the top level, as attribute or as ["duration"]
        scenario.faults.append({"at": "5 s", ...})    # values are plain dicts, lists, text and numbers
        scenario.validate()                           # every problem with its place and the way out
        result = scenario.run(seed=7)

    Reading a member that is not set raises KeyError (or AttributeError); a top-level name that no scenario has raises
    with a suggestion when it is set. Quantities are text with a unit ("15 ms"). Nothing else is checked before
    `validate` or `run`. Equal if the JSON is equal. Can be pickled and copied.
    """

    __slots__ = ("_data", "_file", "_source")

    def __init__(self, value: Union[Mapping[str, Any], str, None] = None, *, file: Optional[str] = None):
        """value: a dict (copied), the text of a scenario file, or None for an empty scenario. file: the path that
        diagnostics name and from whose folder relative paths inside are taken.

        Raises ScenarioError if the text is not JSON, TypeError for anything else."""
        source = None
        if value is None:
            data: Any = {}
        elif isinstance(value, Mapping):
            data = copy.deepcopy(value._data if isinstance(value, Scenario) else dict(value))
        elif isinstance(value, str):
            source = value
            data = _parsed(value, file or "<text>")
        else:
            raise TypeError(f"a scenario is made from a dict or the text of a scenario file, not from {type(value).__name__}; "
                            "Scenario.load(path) reads a file")
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_file", file)
        object.__setattr__(self, "_source", source)

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> Scenario:
        """Reads a scenario file. Raises OSError if it cannot be read, ScenarioError if it is not JSON."""
        return cls(Path(path).read_text(encoding="utf-8"), file=os.fsdecode(path))

    # ---- The JSON.

    def __getitem__(self, key: str) -> Any:
        """A member of the top level, or the value at a JSON pointer ("/workloads/0/rate"); the value itself, not a copy."""
        if not isinstance(key, str):
            raise TypeError(f"{key!r} is {type(key).__name__}; a scenario's keys are names or JSON pointers")
        at: Any = self._data
        for token in _tokens(key):
            at = _child(at, token, key)
        return at

    def __setitem__(self, key: str, value: Any) -> None:
        """Sets a member or the value at a JSON pointer; missing objects on the way are made, "-" appends to a list."""
        tokens = _tokens(key)
        if not tokens:
            raise ValueError("a pointer to the whole scenario cannot be set; make a new Scenario")
        _known_name(tokens[0])
        at: Any = self._data
        for token in tokens[:-1]:
            if isinstance(at, dict) and token not in at:
                at[token] = {}
            at = _child(at, token, key)
        last = tokens[-1]
        if isinstance(at, dict):
            at[last] = value
        elif isinstance(at, list) and (last == "-" or last == str(len(at))):
            at.append(value)
        elif isinstance(at, list):
            _child(at, last, key)
            at[int(last)] = value
        else:
            raise KeyError(f"{key}: {at!r} has no members")

    def __delitem__(self, key: str) -> None:
        """Deletes a member, or what a JSON pointer leads to."""
        tokens = _tokens(key)
        at: Any = self._data
        for token in tokens[:-1]:
            at = _child(at, token, key)
        _child(at, tokens[-1], key)
        del at[int(tokens[-1]) if isinstance(at, list) else tokens[-1]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._data:
            return self._data[name]
        near = difflib.get_close_matches(name, [*self._data, *_names()], n=1) if not name.startswith("_") else []
        hint = f'; "{near[0]}" is not set' if near == [name] else f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"the scenario has no member {name!r}{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._data})

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Scenario):
            return bool(self._data == other._data)
        if isinstance(other, Mapping):
            return bool(self._data == other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __getstate__(self) -> tuple[Any, ...]:
        return (self._data, self._file, self._source)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        for name, value in zip(Scenario.__slots__, state):
            object.__setattr__(self, name, value)

    def copy(self) -> Scenario:
        """A copy that shares nothing with this one."""
        return copy.deepcopy(self)

    def changed(self, changes: Mapping[str, Any]) -> Scenario:
        """A copy with these values at these names or JSON pointers."""
        made = self.copy()
        for key, value in changes.items():
            made[key] = copy.deepcopy(value)
        return made

    @property
    def file(self) -> Optional[str]:
        """The path it was loaded from, None for one made in memory."""
        path: Optional[str] = self._file
        return path

    def to_dict(self) -> dict[str, Any]:
        """The JSON value, as a copy."""
        value: dict[str, Any] = copy.deepcopy(self._data)
        return value

    def text(self) -> str:
        """The text of the file: as it was read if nothing was changed, else formatted anew. Raises ValueError if a
        value has no JSON form."""
        if self._source is not None and json.loads(self._source) == self._data:
            source: str = self._source
            return source
        try:
            return json.dumps(self._data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"the scenario is not JSON: {error}") from None

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the file. Raises OSError if it cannot."""
        Path(path).write_text(self.text(), encoding="utf-8")

    # ---- What is done with it.

    def validate(self, overrides: Optional[Mapping[str, Any]] = None) -> Diagnostics:
        """As brokersim.check: every problem, errors and warnings; empty if all is well."""
        from brokersim.runner import check

        return check(self, overrides)

    def run(self, seed: Optional[int] = None, overrides: Optional[Mapping[str, Any]] = None, *, checkers: Any = None,
            workloads: Any = None) -> Result:
        """As brokersim.run; returns a Result."""
        from brokersim.runner import run

        return run(self, seed, overrides, checkers=checkers, workloads=workloads)

    def _unchanged(self) -> bool:
        return self._source is not None and self.text() is self._source

    def __repr__(self) -> str:
        where = f" {self._file!r}" if self._file else ""
        return f"<brokersim.Scenario{where} title={self._data.get('title', '')!r}>"

    def _repr_html_(self) -> str:
        from brokersim.display import scenario_html

        return scenario_html(self)


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    loaded = _brokersim.load_text(text, name, [])  # says it better than Python's parser, and all at once
    raise ScenarioError(loaded.rendered, [Diagnostic(**values) for values in loaded.diagnostics])  # type: ignore[arg-type]


def _tokens(key: str) -> list[str]:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} is {type(key).__name__}; a scenario's keys are names or JSON pointers")
    if not key.startswith("/"):
        return [key] if key else []
    return [token.replace("~1", "/").replace("~0", "~") for token in key[1:].split("/")]


def _child(at: Any, token: str, key: str) -> Any:
    if isinstance(at, dict):
        if token in at:
            return at[token]
        near = difflib.get_close_matches(token, at, n=1)
        raise KeyError(f"{key}: no member {token!r}" + (f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(at)}"))
    if isinstance(at, list):
        if token.isdecimal() and int(token) < len(at):
            return at[int(token)]
        raise KeyError(f"{key}: no element {token!r}; the list has {len(at)}, numbered from 0")
    raise KeyError(f"{key}: {at!r} has no members")


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(json.loads(_brokersim.schema_json()).get("properties", ()))


def _known_name(name: str) -> None:
    if name in _names() or name.startswith(("x-", "$")):
        return
    near = difflib.get_close_matches(name, _names(), n=1)
    raise AttributeError(f"a scenario has no member {name!r}" + (f"; did you mean {near[0]!r}?" if near
                                                                else f"; it has {', '.join(_names())}"))
