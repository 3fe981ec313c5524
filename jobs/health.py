"""Whether the installation does its work, read from what it leaves behind."""

from __future__ import annotations

import contextlib
import logging
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.db.models import Min
from django.db.models.functions import Coalesce
from kombu import Connection
from kombu.exceptions import OperationalError

from jobs import clock, tick
from jobs.models import Beat, JobQueue
from jobs.states import Status

log = logging.getLogger(__name__)

BEAT_LATE = 30.0  # seconds
UNSEEN_LATE = 180.0
BROKER_PATIENCE = 2


@dataclass(frozen=True, slots=True)
class Health:
    """One look. Ages are seconds; None where there is nothing to have an age."""

    database: bool
    broker: bool
    storage: bool
    beat_age: float | None
    oldest_unseen: float | None

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; empty where all is well."""
        found = [
            f"The {name} does not answer."
            for name in ("database", "broker", "storage")
            if not getattr(self, name)
        ]
        if self.database and (self.beat_age is None or self.beat_age > BEAT_LATE):
            found.append("The clock does not tick: is the worker with its beat running?")
        return found

    @property
    def warnings(self) -> list[str]:
        """What somebody should look at although this process does its work."""
        if self.oldest_unseen is None or self.oldest_unseen <= UNSEEN_LATE:
            return []
        return ["A running job has not been seen for minutes: is its provider away?"]

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            **asdict(self),
        }


def look() -> Health:
    """Look at everything once; a part that does not answer is an answer."""
    broker, storage = broker_answers(), storage_answers()
    try:
        beat_age, unseen = _age(last_beat()), _age(oldest_sight())
    except DatabaseError:
        log.exception("the database does not answer")
        return Health(False, broker, storage, None, None)
    return Health(True, broker, storage, beat_age, unseen)


def last_beat() -> datetime | None:
    return Beat.objects.filter(name=tick.NAME).values_list("at", flat=True).first()


def oldest_sight() -> datetime | None:
    """When the running job that was not seen for longest was last seen."""
    running = JobQueue.objects.filter(status=Status.RUNNING)
    seen: datetime | None = running.aggregate(
        oldest=Min(Coalesce("last_seen_at", "submitted_at", "created_at"))
    )["oldest"]
    return seen


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else round((clock.now() - moment).total_seconds(), 1)


def broker_answers() -> bool:
    """Whether a bell could be rung now."""
    if not settings.REDIS_URL:
        return bool(settings.BROKER_DIR.parent.is_dir())
    try:
        with Connection(settings.REDIS_URL, connect_timeout=BROKER_PATIENCE) as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE)
        return True
    except (OperationalError, OSError):
        return False


def storage_answers() -> bool:
    """Whether the file storage can be asked about a file (that does not exist)."""
    with contextlib.suppress(Exception):
        default_storage.exists(f"health/{uuid.uuid4()}")
        return True
    return False
