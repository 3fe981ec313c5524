"""Wake-up messages for the workers. One may be lost: the sweep finds what is due anyway."""

from __future__ import annotations

import logging
from threading import Thread
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def dispatch(task: Task[..., Any], *args: str) -> None:
    """Send a message that carries ids only; a broker that is away is logged, never an error.

    It has no expiry, which the worker would read by its wall clock: workers empty their queues
    when they start instead (`--purge` in the Procfile).
    """
    try:
        task.apply_async(args=args, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s was not dispatched, the sweep will find it: %s", task.name, error)


def dispatch_on_commit(task: Task[..., Any], *args: str) -> None:
    """Dispatch once the row that the message is about can be read by others.

    In a thread of its own: a broker that hangs must not hold up anybody's page.
    """
    transaction.on_commit(lambda: Thread(target=dispatch, args=(task, *args), daemon=True).start())
