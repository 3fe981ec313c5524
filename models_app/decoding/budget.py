"""The memory that photos being opened share: in all so much, to each in the order it came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """Too many photos were waiting before this one."""


class Budget:
    """At most `memory` bytes and `at_once` users at a time. Threads share it."""

    def __init__(self, memory: int, at_once: int) -> None:
        self._free_memory, self._free_places = memory, at_once
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def reserved(self, memory: int, *, wait_seconds: float) -> Iterator[None]:
        """Hold `memory` bytes and a place. Raises BusyError after `wait_seconds`."""
        self._take(memory, wait_seconds)
        try:
            yield
        finally:
            self._give(memory)

    def _take(self, memory: int, wait_seconds: float) -> None:
        # In turns: else many small photos would keep a large one waiting forever.
        turn = object()

        def is_free() -> bool:
            is_next = self._waiting[0] is turn
            return is_next and self._free_places > 0 and self._free_memory >= memory

        with self._changed:
            self._waiting.append(turn)
            try:
                if not self._changed.wait_for(is_free, wait_seconds):
                    raise BusyError
                self._free_memory -= memory
                self._free_places -= 1
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()

    def _give(self, memory: int) -> None:
        with self._changed:
            self._free_memory += memory
            self._free_places += 1
            self._changed.notify_all()
