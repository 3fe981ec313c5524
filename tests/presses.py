"""Several presses of one button at the same moment, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(presses: int, press: Callable[[int], T]) -> list[T | Exception]:
    """Call `press` with 0, 1, … in as many threads; return what each returned or raised."""
    ready = threading.Barrier(presses)

    def go(number: int) -> T | Exception:
        ready.wait()
        try:
            return press(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(presses) as pool:
        return list(pool.map(go, range(presses)))
