"""Work done after the answer, so that no answer tells, in words or in time, who has an account.

Whatever depends on whether an account exists (which mail to send, whose history to write)
happens here. Mails are kept in the database until the worker has sent them
(`accounts.errands`). The rest is done in a few threads of the same process; it is lost if the
process is killed before, and what is lost otherwise is logged, without the address it was for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections

from accounts import errands

logger = logging.getLogger(__name__)

THREADS = 4
# By then the answer has left; a thread that worked beside it would slow it measurably.
PAUSE = 1.0
# Somebody who asks for mails faster than they can be sent must not fill the memory.
MOST_WAITING = 1000

_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="later")
_room = threading.BoundedSemaphore(MOST_WAITING)


def later(work: Callable[..., object], *args: Any) -> None:
    """Do `work(*args)` soon, elsewhere. Raises DatabaseError where it cannot be written down;
    of what is not an errand, what is lost is logged."""
    start(work, args)


def start(work: Callable[..., object], args: tuple[Any, ...]) -> None:
    """The seam: tests put something here that does it at once, or only notes it."""
    if errands.is_kept(work):
        errands.keep(work, args)
        return
    if not _room.acquire(blocking=False):
        logger.error("%s is lost: too much is waiting", work.__name__)
        return
    try:
        _executor.submit(_wait_and_do, time.monotonic() + PAUSE, work, args)
    except RuntimeError:  # the process is ending
        _room.release()
        logger.error("%s is lost: the process is ending", work.__name__)


def _wait_and_do(due: float, work: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        # All wait equally long, so while one waits the others behind it become due too.
        time.sleep(max(0.0, due - time.monotonic()))
        do(work, *args)
    finally:
        connections.close_all()
        _room.release()


def do(work: Callable[..., object], *args: Any) -> None:
    """Do it now, and log instead of raising."""
    try:
        work(*args)
    except Exception as error:
        # The message of an SMTP error quotes the address, so only its kind is logged.
        logger.error("%s is lost: %s", work.__name__, type(error).__name__)
