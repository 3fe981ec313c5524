"""Celery's processes open no port, so they log a line once they can work."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from celery.signals import beat_init, worker_ready

log = logging.getLogger(__name__)

READY = "Ready for work."

# Celery warns root because of pickled messages; ours are JSON and carry ids only.
warnings.filterwarnings("ignore", message="You're running the worker with superuser")


@worker_ready.connect
@beat_init.connect
def log_ready(**_: Any) -> None:
    """Log the line that the launcher waits for."""
    log.info(READY)
