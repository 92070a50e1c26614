"""A progress bar without dependencies; tqdm's, which knows notebooks, where it is installed."""
from __future__ import annotations

import sys
import time
from typing import Any, Optional

SECONDS_BETWEEN_LINES = 10.0


class Bar:
    """Called as bar(done, total). On a terminal one line that is written over, elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self._tqdm: Optional[Any] = None
        self._start = self._last = time.monotonic()
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self._tqdm = tqdm(unit="run", leave=False)

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` runs have ended."""
        if self._tqdm is not None:
            self._tqdm.total = total
            self._tqdm.update(done - self._tqdm.n)
            return
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self._last < (0.1 if terminal else SECONDS_BETWEEN_LINES) and done < total:
            return
        self._last = now
        left = (now - self._start) / max(done, 1) * (total - done)
        line = f"{done} of {total} runs, {left:.0f} s left"
        print(f"\r{line:<40}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Clears the line."""
        if self._tqdm is not None:
            self._tqdm.close()
        elif sys.stderr.isatty():
            print(f"\r{'':<40}\r", end="", file=sys.stderr, flush=True)
