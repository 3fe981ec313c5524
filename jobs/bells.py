"""Ringing the workers. A bell may be lost: the tick finds what is due all the same."""

from __future__ import annotations

import logging
from threading import Thread
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def ring(task: Task[..., Any], *args: str, expires: float = 10.0) -> None:
    """Send a message with ids only; a broker that is away is logged, never an error.

    `expires` (seconds) keeps a broker that nobody empties from filling up with old bells.
    """
    try:
        task.apply_async(args=args, expires=expires, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("bell for %s lost, the tick will find it: %s", task.name, error)


def ring_on_commit(task: Task[..., Any], *args: str) -> None:
    """Ring once the row that the bell is about can be read by others.

    From a thread of its own: a broker that hangs must not hold up anybody's page.
    """
    transaction.on_commit(lambda: Thread(target=ring, args=(task, *args), daemon=True).start())
