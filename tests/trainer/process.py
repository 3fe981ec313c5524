"""The trainer as what it is in real life: another process, reached over HTTP."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from theway.processes import waiting
from theway.processes.installation import ROOT
from theway.processes.process import Process

MODEL = "black-forest-labs/FLUX.1-dev"
OVER = {"completed", "cancelled", "error", "user_error"}
PATIENCE = 20.0  # seconds; generous, for a busy machine


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until the condition is true; fail after `seconds`."""
    in_time = waiting.wait_until(condition, seconds, interval=0.02)
    assert in_time, f"Not within {seconds:g} s: {condition}"


class TrainerProcess(Process):
    """One `python -m trainer` with its own folder. Started again, it keeps its port.

    `module` may be `emulators.trainer`, whose own variables are given with their whole name.
    """

    def __init__(
        self, folder: Path, *, key: str = "local", module: str = "trainer", **environment: object
    ) -> None:
        self.folder, self.key = folder, key
        own = ("TRAINER_", "EMULATOR_")
        others = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        super().__init__(
            "trainer",
            [sys.executable, "-W", "error", "-m", module],
            cwd=ROOT,
            env={
                **others,
                "TRAINER_DIR": str(folder),
                "TRAINER_PORT": "0",  # any free one, the first time
                "TRAINER_API_KEYS": key,
                "TRAINER_ENGINE": "simulated",
                **{
                    name if name.isupper() else f"TRAINER_{name.upper()}": str(value)
                    for name, value in environment.items()
                },
            },
            log_file=folder.with_name(f"{folder.name}.log"),
        )

    @property
    def url(self) -> str:
        """The base without /v1."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def check_ready(self) -> bool:
        """Read its port from its log, then ask it."""
        found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", self.log)
        if not found:
            return False
        self.port = int(found[1])
        self.env = {**(self.env or {}), "TRAINER_PORT": found[1]}
        self.ready_url = f"{self.url}/healthz"
        return super().check_ready()

    def wait_for_end(self) -> int | None:
        """Return its exit code once it has ended by itself."""
        return self.wait(PATIENCE)
