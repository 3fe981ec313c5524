"""One terminal for several processes: each line begins with the name of its process."""

from __future__ import annotations

import os
import sys
import threading
from typing import TextIO

COLOURS = ("36", "35", "33", "32", "34")
LAUNCHER = "theway"


class Console:
    """Writes whole lines from any thread. A terminal that was closed is no reason to stop."""

    def __init__(self, names: list[str], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._width = max(len(name) for name in [LAUNCHER, *names])
        self._lock = threading.Lock()
        self._colours = dict(zip(names, COLOURS, strict=False)) if self._has_colours() else {}

    def write(self, text: str, name: str = LAUNCHER) -> None:
        """Write `text` as a line of the process `name`."""
        prefix = f"{name:<{self._width}} |"
        if name in self._colours:
            prefix = f"\033[{self._colours[name]}m{prefix}\033[0m"
        with self._lock:
            try:
                self._stream.write(f"{prefix} {text}\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass

    def _has_colours(self) -> bool:
        return self._stream.isatty() and "NO_COLOR" not in os.environ
