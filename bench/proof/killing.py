"""Two trainings of one recipe, one of them killed in the middle."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from bench.proof.client import Client, are_same_weights

_CHILD = b"trainer.engines.diffusers.child"
_LIMIT = 600.0


def trained_with_a_kill(trainer: Client, data: bytes, **wishes: Any) -> bool:
    """Train twice, end one child with SIGKILL half way; return whether both gave the same bits."""
    first = trainer.wait(trainer.start(data, **wishes))
    second = trainer.start(data, **wishes)
    _kill_half_way(trainer, second, wishes["steps"])
    ended = trainer.wait(second)
    if first.problem or ended.problem:
        return False
    return are_same_weights(trainer.weights(first.id), trainer.weights(second))


def _kill_half_way(trainer: Client, run: str, steps: int) -> None:
    until = time.monotonic() + _LIMIT
    while trainer.job(run)["step"] < steps / 2:
        if time.monotonic() > until:
            raise SystemExit("The training that shall be killed does not go on.")
        time.sleep(0.1)
    for process in _children():
        os.kill(process, signal.SIGKILL)


def _children() -> list[int]:
    """Return the processes that train (proc_pid_cmdline(5))."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if _CHILD in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # ended meanwhile
            continue
    return found
