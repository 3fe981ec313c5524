"""One process of the Procfile: its command, its group, its output."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from string import Template
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from theway.launcher.console import Console
from theway.launcher.ready import READY

# Our own services on our own machine: never through somebody's proxy.
_opener = build_opener(ProxyHandler({}))


class Service:
    """A process that can be started, asked whether it works, and ended with its children.

    `url` is asked for an answer; a service without one says READY in its output.
    """

    def __init__(self, name: str, command: str, *, url: str, console: Console) -> None:
        self.name = name
        self.url = url
        self.is_ready = False
        self.started_at = 0.0
        self._command = command
        self._console = console
        self._process: subprocess.Popen[str] | None = None

    def start(self, env: Mapping[str, str], folder: Path) -> int:
        """Start the process in a group of its own and return the group's id.

        `$NAME` in the command is taken from `env`. Raises OSError where the program is missing,
        KeyError where a name is.
        """
        self.is_ready = False
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(
            [Template(word).substitute(env) for word in shlex.split(self._command)],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._pass_on, args=(self._process,), daemon=True).start()
        return self._process.pid

    @property
    def group(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def how_it_ended(self) -> str:
        """The end in words, for a line in the terminal."""
        code = self.exit_code
        if code is not None and code < 0:
            return f"was killed ({signal.Signals(-code).name})"
        return f"ended by itself with code {code}"

    def look(self) -> bool:
        """Ask whether it works now; true once, when it turns ready."""
        if self.is_ready or not self.url or not self._answers():
            return False
        self.is_ready = True
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, children of the process included."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # the group is empty; a zombie alone counts as "not permitted" on macOS

    def _answers(self) -> bool:
        try:
            with _opener.open(self.url, timeout=2):
                return True
        except HTTPError as error:
            return error.code < 500  # it works: it refuses this host name, or wants HTTPS
        except (URLError, OSError):
            return False

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as stream:
            for line in stream:
                self._hear(line.rstrip(), process)

    def _hear(self, line: str, process: subprocess.Popen[str]) -> None:
        if line.endswith(READY) and process is self._process:
            self.is_ready = True
            self._console.say("ready", self.name)
        elif line:
            self._console.say(line, self.name)
