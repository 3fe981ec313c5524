"""The trainer as what it is in real life: another process, reached over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
MODEL = "black-forest-labs/FLUX.1-dev"
OVER = {"completed", "cancelled", "error", "user_error"}
PATIENCE = 20.0  # seconds; generous, for a busy machine


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Ask until the answer is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"Not within {seconds:g} s: {condition}"
        time.sleep(0.02)


class TrainerProcess:
    """One `python -m trainer` with its own folder. Started again, it keeps its port.

    `module` may be `emulators.trainer`, whose own variables are given with their whole name.
    """

    def __init__(
        self, folder: Path, *, key: str = "local", module: str = "trainer", **environment: object
    ) -> None:
        self.folder = folder
        self.key = key
        self.module = module
        self.log_file = folder.with_name(f"{folder.name}.log")
        self._port = 0  # any free one, the first time
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            name if name.isupper() else f"TRAINER_{name.upper()}": str(value)
            for name, value in environment.items()
        }

    @property
    def url(self) -> str:
        """The base without /v1."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def start(self) -> None:
        """Come back when it answers."""
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TRAINER_", "EMULATOR_"))
            },
            "TRAINER_DIR": str(self.folder),
            "TRAINER_PORT": str(self._port),
            "TRAINER_API_KEYS": self.key,
            **self._environment,
        }
        begins_at = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", self.module],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: self._listens(begins_at))

    def stop(self) -> int:
        """End it as an operator does; give its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def wait_for_end(self) -> int:
        """Wait until it has ended by itself; give its exit code."""
        assert self._process is not None
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    def _end(self, with_signal: int) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(with_signal)
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    def _listens(self, begins_at: int) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", self.log[begins_at:])
        if not found:
            return False
        self._port = int(found[1])
        try:
            return httpx.get(f"{self.url}/healthz", timeout=PATIENCE).status_code == 200
        except httpx.TransportError:
            return False
