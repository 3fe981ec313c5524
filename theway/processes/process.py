"""One process: launched in a group of its own, ready or not, stopped with its children."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from theway.processes.waiting import accepts_connections, answers, wait_until
from theway.processes.watchdog import Watchdog

START_LIMIT = 30.0  # seconds
STOP_LIMIT = 20.0


class NotReadyError(Exception):
    """A process ended, or took too long, before it was ready. The message says which."""


@dataclass(eq=False)
class Process:
    """A program with its environment. It can be launched again after it ended.

    It is ready once `port` accepts connections, `ready_url` answers and its output contains
    `ready_line`: whichever of the three are given. Its output is appended to `log_file`, or
    passed to `on_line` line by line (but for the ready line and empty ones), or discarded.
    A `watchdog` kills it if we are killed. Threads may share it.
    """

    name: str
    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str] | None = None
    user: str | None = None
    port: int = 0
    ready_url: str = ""
    ready_line: str = ""
    log_file: Path | None = None
    on_line: Callable[[str], None] | None = None
    watchdog: Watchdog | None = None
    is_ready: bool = field(default=False, init=False)
    started_at: float = field(default=0.0, init=False)  # monotonic seconds
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _group: int | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)
    _has_ready_line: bool = field(default=False, init=False)
    _log_start: int = field(default=0, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def launch(self) -> None:
        """Start it, unless it runs, without waiting. Raise OSError if the program is missing."""
        with self._lock:
            if self.is_alive:
                return
            self.is_ready = self._has_ready_line = False
            self.started_at = time.monotonic()
            with self._open_output() as output:
                self._popen = self._spawn(output)
            self._group = self._popen.pid
            if self.watchdog:
                self.watchdog.watch(self._group)
            if self._popen.stdout:
                self._reader = threading.Thread(
                    target=self._read_lines, args=(self._popen, self._popen.stdout), daemon=True
                )
                self._reader.start()

    def start(self, limit: float = START_LIMIT) -> None:
        """Launch it and wait until it is ready; return at once if it runs already.

        Raise NotReadyError if that takes more than `limit` seconds or it ends first.
        """
        if self.is_alive:
            return
        self.launch()
        wait_until(lambda: self.check_ready() or not self.is_alive, limit)
        if not self.is_ready:
            reason = f"was not ready within {limit:g} s" if self.is_alive else self.exit_reason
            raise NotReadyError(f"{self.name} {reason}")

    def check_ready(self) -> bool:
        """Return whether it has become ready since it was launched."""
        self.is_ready = self.is_ready or (
            (not self.ready_line or self._has_ready_line or self.ready_line in self.log)
            and (not self.port or accepts_connections(self.port))
            and (not self.ready_url or answers(self.ready_url))
        )
        return self.is_ready

    def send(self, number: int) -> None:
        """Send a signal to its whole group; do nothing once that is gone."""
        with self._lock:
            if self._group is not None:
                # A group of nothing but zombies is "not permitted" on macOS.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._group, number)

    def freeze(self) -> None:
        """Suspend it until `resume`."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it continue after `freeze`."""
        self.send(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM, limit: float = STOP_LIMIT) -> int | None:
        """Ask it to end, kill it after `limit` seconds, and return its exit code."""
        self.send(number)
        with suppress(subprocess.TimeoutExpired):
            self.wait(limit)
        self.kill()
        return self.exit_code

    def kill(self) -> None:
        """Kill it and every child in its group, also those that outlived it."""
        with self._lock:
            self.send(signal.SIGKILL)
            self.wait()
            if self._reader:
                self._reader.join(1)
            if self._group is not None and self.watchdog:
                self.watchdog.unwatch(self._group)
            self._group = None  # from now on the number may be another process's

    def wait(self, limit: float | None = None) -> int | None:
        """Return its exit code once it has ended. Raise subprocess.TimeoutExpired."""
        return self._popen.wait(limit) if self._popen else None

    @property
    def pid(self) -> int | None:
        """Its process id, also after its end; None before it was launched."""
        return self._popen.pid if self._popen else None

    @property
    def is_alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, negative for a signal; None while it runs."""
        return self._popen.poll() if self._popen else None

    @property
    def exit_reason(self) -> str:
        """How it ended, in words."""
        code = self.exit_code
        if code is not None and code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        return f"exited with code {code}"

    @property
    def log(self) -> str:
        """What it has written to its log file since it was launched."""
        if self.log_file is None or not self.log_file.exists():
            return ""
        return self.log_file.read_bytes()[self._log_start :].decode(errors="replace")

    def _open_output(self) -> AbstractContextManager[IO[bytes] | int]:
        if self.log_file is None:
            return nullcontext(subprocess.PIPE if self.on_line else subprocess.DEVNULL)
        output = self.log_file.open("ab")
        self._log_start = output.tell()
        return output

    def _spawn(self, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            cwd=self.cwd,
            env=self.env,
            user=self.user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _read_lines(self, popen: subprocess.Popen[bytes], stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip()
                if self.ready_line and self.ready_line in line:
                    # A child of an earlier launch may still write.
                    self._has_ready_line |= popen is self._popen
                elif line and self.on_line:
                    self.on_line(line)
