"""The stages of a training as a person follows them: the one place that maps a job's states."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.models import JobQueue
from jobs.states import Status

Text = str | Promise
SEND, WAIT, TRAIN, COLLECT, READY = range(5)
# While it goes on, and once it is behind.
_LABELS: tuple[tuple[Text, Text], ...] = (
    (_("Sending"), _("Sent")),
    (_("Waiting"), _("Waiting")),
    (_("Training"), _("Training")),
    (_("Collecting"), _("Collecting")),
    (_("Ready"), _("Ready")),
)
_STAGES = {
    Status.QUEUED: SEND,
    Status.SUBMITTING: SEND,
    Status.UNKNOWN: SEND,
    Status.FINISHING: COLLECT,
    Status.SUCCEEDED: READY,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the track."""

    label: str
    is_now: bool
    is_done: bool


def stage_of(job: JobQueue) -> int:
    """Return where a training is on the track. One that ended without a result stays where it
    was: accepted by its trainer it waits there for its turn, until that has begun."""
    return _STAGES.get(Status(job.status), TRAIN if job.started_at else WAIT)


def stage_now(job: JobQueue) -> str:
    """Return what an unfinished training does now, in a word."""
    return str(_LABELS[stage_of(job)][0])


def track_of(job: JobQueue) -> list[Stage]:
    """Return all stages of a training, with where it is."""
    now = stage_of(job)
    return [
        Stage(str(done if place < now else doing), place == now, place < now)
        for place, (doing, done) in enumerate(_LABELS)
    ]
