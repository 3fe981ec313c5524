"""Whether the installation works, read from what it leaves behind."""

from __future__ import annotations

import contextlib
import logging
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, gettext_lazy as _
from kombu import Connection
from kombu.exceptions import OperationalError

from accounts import errands
from accounts.outgoing import outbox
from jobs import clock
from jobs.engine import durability, journal, release
from jobs.engine.sweep import HEARTBEAT, heartbeat_of, settling
from jobs.models import Heartbeat, JobQueue
from jobs.states import Status
from jobs.tasks import dispatching

log = logging.getLogger(__name__)

HEARTBEAT_LATE = 30.0  # seconds
UNOBSERVED_LATE = 180.0
BROKER_PATIENCE = 2
NO_ANSWER = {
    "database": _("The database does not answer."),
    "broker": _("The message broker does not answer."),
    "storage": _("The file storage does not answer."),
}


@dataclass(frozen=True, slots=True)
class Health:
    """One check. Ages are seconds; None where there is nothing to have an age."""

    database: bool
    broker: bool
    storage: bool
    heartbeat_age: float | None
    oldest_observation_age: float | None
    mail_error: str = ""  # why mails have not left for minutes
    late_stages: tuple[str, ...] = ()  # of the sweep, which fail while the others go on
    waiting_webhooks: int = 0  # to people's programs; those that are tried again later, too
    late_webhooks: int = 0  # of these, how many nobody has tried for minutes

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; empty where all is well."""
        found = [str(text) for name, text in NO_ANSWER.items() if not getattr(self, name)]
        if self.database and (self.heartbeat_age is None or self.heartbeat_age > HEARTBEAT_LATE):
            found.append(gettext("The sweep does not run. Are the poller and beat running?"))
        elif self.late_stages:
            stages = ", ".join(self.late_stages)
            found.append(gettext("Parts of the sweep fail, see the log: %s.") % stages)
        if self.database:
            found += _why_nothing_is_paid()
        return found

    @property
    def warnings(self) -> list[str]:
        """What needs attention although this process works."""
        found = []
        age = self.oldest_observation_age
        if age is not None and age > UNOBSERVED_LATE:
            found.append(
                gettext("A running job has not been observed for minutes. Is its provider down?")
            )
        if self.mail_error:
            found.append(
                gettext("Mails cannot be sent (%s). Is EMAIL_URL right?") % self.mail_error
            )
        if self.late_webhooks:
            found.append(
                gettext("Webhooks have waited for minutes (%d). Is a worker running?")
                % self.late_webhooks
            )
        return found

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            **asdict(self),
        }


def _why_nothing_is_paid() -> list[str]:
    found = []
    if journal.is_database_behind():
        found.append(gettext("The database is older than a paid call: run manage.py reconcile."))
    if not release.is_current():
        found.append(
            gettext(
                "This process and the database are of different releases: run manage.py migrate, "
                "then restart every process."
            )
        )
    if not durability.commits_are_kept():
        found.append(
            gettext(
                "The database's commits do not wait for its disk, so nothing is paid. Does a "
                "pooler between here and the database change its settings?"
            )
        )
    return found


def check() -> Health:
    """Check everything once; a part that does not answer is a result too."""
    broker, storage = broker_answers(), storage_answers()
    try:
        heartbeat_age, observation_age = _age(last_heartbeat()), _age(oldest_observation())
        late, mail_error = late_stages(), errands.current_error()
        webhooks = outbox.waiting().count(), outbox.late().count()
    except DatabaseError as error:
        log.warning("the database does not answer: %s", type(error).__name__)
        return Health(False, broker, storage, None, None)
    return Health(
        True, broker, storage, heartbeat_age, observation_age, mail_error, late, *webhooks
    )


def last_heartbeat() -> datetime | None:
    return Heartbeat.objects.filter(name=HEARTBEAT).values_list("at", flat=True).first()


def late_stages() -> tuple[str, ...]:
    """Stages of the sweep that did not run through lately."""
    names = {heartbeat_of(stage): stage for stage in (*settling(), *dispatching())}
    limit = clock.now() - timedelta(seconds=HEARTBEAT_LATE)
    late = Heartbeat.objects.filter(name__in=names, at__lt=limit).values_list("name", flat=True)
    return tuple(sorted(names[name] for name in late))


def oldest_observation() -> datetime | None:
    """When the running job that was not observed for longest was last observed."""
    running = JobQueue.objects.filter(status=Status.RUNNING)
    observed: datetime | None = running.aggregate(
        oldest=Min(Coalesce("last_seen_at", "submitted_at", "created_at"))
    )["oldest"]
    return observed


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else round((clock.now() - moment).total_seconds(), 1)


def broker_answers() -> bool:
    """Whether a message could be dispatched now."""
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
