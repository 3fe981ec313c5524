"""The child's side of the protocol: what it tells, and how it notices that it shall end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque

from trainer.engines.diffusers.protocol import Message

BEAT_SECONDS = 5.0
STEPS_EVERY = 1.0  # seconds between two messages about steps
KEPT_TIMES = 50  # steps from which the time left is foretold
MAX_LOSSES = 500  # points of the curve of a whole training


class Messages:
    """Writes messages to a pipe; a thread says every few seconds that the process lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        threading.Thread(target=self._beat, daemon=True).start()

    def send(self, message: Message) -> None:
        """Write one message; nobody listens any more means that the service has gone."""
        with self._lock:
            os.write(self._descriptor, message.line())

    def event(self, kind: str, text: str, step: int | None = None) -> None:
        self.send(Message(event=kind, text=text, step=step))

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            self.send(Message(beat=True))


class Steps:
    """Tells of the steps once a second: their losses, thinned out, and the time left."""

    def __init__(self, messages: Messages, total: int, rest: float) -> None:
        self._messages, self._total, self._rest = messages, total, rest
        self._stride = -(-total // MAX_LOSSES)
        self._points: list[tuple[int, float, float]] = []
        self._began = self._told = time.monotonic()
        self._times = deque([self._began], KEPT_TIMES)

    def __call__(self, step: int, loss: float, rate: float) -> None:
        now = time.monotonic()
        self._times.append(now)
        if step % self._stride == 0:
            self._points.append((step, round(loss, 5), rate))
        if now - self._told >= STEPS_EVERY or step == self._total:
            self._told = now
            self.tell(step)

    def tell(self, step: int) -> None:
        """Send what has not been sent."""
        times = self._times
        a_step = (times[-1] - times[0]) / max(1, len(times) - 1)
        left = a_step * (self._total - step) + self._rest
        elapsed = times[-1] - self._began
        self._messages.send(Message(step=step, steps=self._points, elapsed=elapsed, left=left))
        self._points = []


class Ending:
    """Whether somebody asked the process to end: SIGTERM, or the service has gone."""

    def __init__(self) -> None:
        self.is_asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._watch_parent, daemon=True).start()

    def __call__(self) -> bool:
        return self.is_asked

    def _ask(self, *_signal: object) -> None:
        self.is_asked = True

    def _watch_parent(self) -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGKILL)
