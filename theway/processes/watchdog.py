"""Kills what a process started if that process itself is killed.

Run as a program of its own. It reads process groups from its input (`+123`, `-123`); the end
of the input means that the parent is gone, however it ended. Only the standard library: it
must be up before the first process is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable


class Watchdog:
    """The parent's side: a context manager; groups still watched at its end are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            text=True,
            # Ctrl-C in the terminal is meant for the parent, not for its watchdog.
            start_new_session=True,
        )

    def __enter__(self) -> Watchdog:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def watch(self, group: int) -> None:
        """Kill this process group once the parent is gone."""
        self._write(f"+{group}")

    def unwatch(self, group: int) -> None:
        """Leave this process group alone from now on."""
        self._write(f"-{group}")

    def _write(self, line: str) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


def remaining_groups(lines: Iterable[str]) -> set[int]:
    """Return the groups that were watched, and not unwatched, when `lines` ended."""
    groups: set[int] = set()
    for line in lines:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    return groups


def main() -> None:
    """Wait for the end of the input, then kill the remaining groups."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for group in remaining_groups(sys.stdin):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
