"""Shows how far a backup is: a line for every tenth, for terminals and logs alike."""

from __future__ import annotations

from collections.abc import Callable


class Tenths:
    """Called with each number of bytes done; writes when another tenth of `total` is."""

    def __init__(self, total: int, write: Callable[[str], None], verb: str) -> None:
        self._total, self._write, self._verb = max(total, 1), write, verb
        self._done = 0
        self._shown = 0

    def __call__(self, size: int) -> None:
        self._done += size
        tenths = min(10, 10 * self._done // self._total)
        if tenths > self._shown:
            self._shown = tenths
            megabytes = self._done / 1_000_000
            self._write(f"{self._verb} {tenths * 10:3} % ({megabytes:,.1f} MB)")
