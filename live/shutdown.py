"""Notice of the server's shutdown.

uvicorn waits for open connections before it ends, and a live stream never ends by itself.
It has no hook that runs earlier, so its signal handler is wrapped while streams are open.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def on_shutdown(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` in the running loop on SIGTERM or SIGINT; return what removes it again.

    The server's own handler runs as before. Does nothing outside the main thread, where
    Python allows no signal handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    undo = [_wrap(number, callback) for number in _SIGNALS]

    def remove() -> None:
        for restore in undo:
            restore()

    return remove


def _wrap(number: int, callback: Callable[[], None]) -> Callable[[], None]:
    loop = asyncio.get_running_loop()
    previous = signal.getsignal(number)
    if not callable(previous):  # the default action ends the process at once: nothing to prepare
        return lambda: None

    def stop(signum: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        previous(signum, frame)

    def restore() -> None:
        if signal.getsignal(number) is stop:
            signal.signal(number, previous)

    signal.signal(number, stop)
    return restore
