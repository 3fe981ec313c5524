"""Counts the statements that the web process sends to its database, from outside the process.

Every statement appends one letter to the file `BENCH_STATEMENTS`: `r` for the reader of the live
pages, `p` for all other threads. The bench reads the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class Statements(AppConfig):
    """Counts on every connection that is opened from now on."""

    name = "bench"

    def ready(self) -> None:
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
        file = os.open(os.environ["BENCH_STATEMENTS"], flags, 0o600)

        def count(execute: Callable[..., Any], *arguments: Any) -> Any:
            is_reader = threading.current_thread().name.startswith("live-reader")
            os.write(file, b"r" if is_reader else b"p")
            return execute(*arguments)

        def install(connection: Any, **_: Any) -> None:
            if count not in connection.execute_wrappers:
                connection.execute_wrappers.append(count)

        connection_created.connect(install, weak=False, dispatch_uid="bench.statements")
