"""New rows of the event table: the database side of all streams."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.models import JobEvent, JobQueue
from jobs.selectors import newest_event_id
from jobs.states import UNFINISHED
from live.topics import Change, JobsTopic, Topic, Wanted
from models_app import phone_links

# PostgreSQL assigns ids before the commit: a row may appear below ids already read. So
# every read goes back over this many seconds, and at most this many rows.
OVERLAP_SECONDS = 10.0
OVERLAP_ROWS = 500
BATCH = 2000
PAGE = 500  # of what a program missed: it gets all of it, piece by piece
_COLUMNS = ("id", "kind", "job__kind", "job__owner_id", "job__model_id", "job_id")


class EventFeed:
    """Returns every new event once, whatever the order in which the rows commit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with events from now on; `clock` returns seconds."""
        self._clock = clock
        self._floor = max(0, newest_event_id() - OVERLAP_ROWS)
        ids = JobEvent.objects.filter(id__gt=self._floor).values_list("id", flat=True)
        self._seen = dict.fromkeys(ids, clock())

    def read(self) -> list[Change]:
        """Return what was committed since the last call, in the order of ids."""
        self._prune()
        rows = JobEvent.objects.filter(id__gt=self._floor).order_by("id")
        found = [Change(*row) for row in rows.values_list(*_COLUMNS)[:BATCH]]
        new = [change for change in found if change.id not in self._seen]
        self._seen.update(dict.fromkeys((change.id for change in new), self._clock()))
        return new

    def _prune(self) -> None:
        """Raise the floor above rows that are too old, or too many, to be read again."""
        oldest = self._clock() - OVERLAP_SECONDS
        ids = sorted(self._seen)
        pruned = [id for id in ids if self._seen[id] < oldest]
        pruned += ids[len(pruned) : len(ids) - OVERLAP_ROWS]
        if pruned:
            self._floor = max(self._floor, *pruned)
            self._seen = {id: at for id, at in self._seen.items() if id > self._floor}


def changes_after(topic: Wanted, after: int) -> list[Change]:
    """Return what `topic` may have missed since event `after`: a page's whole, the first of a
    program's."""
    return _of_page(topic, after) if isinstance(topic, Topic) else _of_jobs(topic, after)


def _of_page(topic: Topic, after: int) -> list[Change]:
    """Return what a page may have missed.

    Recent events are always included: one may have committed, with a lower id, after the page
    was rendered.
    """
    if topic.is_draft:
        return drafts_now([topic])
    recent = timezone.now() - timedelta(seconds=OVERLAP_SECONDS)
    events = JobEvent.objects.filter(Q(id__gt=after) | Q(at__gte=recent))
    events = events.filter(job__owner_id=topic.owner_id, job__model_id__isnull=False)
    if topic.model_id is not None:
        events = events.filter(job__model_id=topic.model_id)
    return [Change(*row) for row in events.order_by("-id").values_list(*_COLUMNS)[:BATCH]]


def _of_jobs(topic: JobsTopic, after: int) -> list[Change]:
    rows = _events_of(topic).filter(id__gt=after).order_by("id")
    return [Change(*row) for row in rows.values_list(*_COLUMNS)[:PAGE]]


def _events_of(topic: JobsTopic) -> QuerySet[JobEvent]:
    events = JobEvent.objects.filter(job__owner_id=topic.owner_id)
    return events if topic.job_id is None else events.filter(job_id=topic.job_id)


def start_after(topic: JobsTopic, known: int) -> tuple[int, bool]:
    """Return the event after which a program's stream goes on, and whether no more will come.

    That is the one it knows, or an earlier one: what committed late, under an id below that, is
    found as in `EventFeed.read`, so events of the last seconds may come twice.
    """
    # Asked before the events are read: when it is over, all of its events are there.
    is_over = topic.job_id is not None and not _is_unfinished(topic.job_id, topic.owner_id)
    floor = min(known, newest_event_id()) - OVERLAP_ROWS
    recent = timezone.now() - timedelta(seconds=OVERLAP_SECONDS)
    young = _events_of(topic).filter(id__gt=floor, id__lte=known, at__gte=recent)
    first = young.order_by("id").values_list("id", flat=True).first()
    return (known if first is None else first - 1), is_over


def has_no_more(topic: JobsTopic, known: int) -> bool:
    """Return whether the job of a stream is over for so long that nothing comes after `known`."""
    if topic.job_id is None or _is_unfinished(topic.job_id, topic.owner_id):
        return False
    settled = timezone.now() - timedelta(seconds=OVERLAP_SECONDS)
    return not _events_of(topic).filter(Q(id__gt=known) | Q(at__gte=settled)).exists()


def _is_unfinished(job_id: uuid.UUID, owner_id: int) -> bool:
    jobs = JobQueue.objects.filter(pk=job_id, owner_id=owner_id)
    return jobs.filter(status__in=sorted(UNFINISHED)).exists()


def drafts_now(topics: Iterable[Wanted]) -> list[Change]:
    """Return how often what phones add to each draft has changed until now."""
    found = [one for one in topics if isinstance(one, Topic) and one.is_draft]
    drafts = {topic.model_id: topic for topic in found if topic.model_id}
    versions = phone_links.versions(set(drafts)) if drafts else {}
    return [
        Change(version, "photos", "", drafts[model_id].owner_id, model_id)
        for model_id, version in versions.items()
    ]


class DraftFeed:
    """Returns a draft whose photos have changed by a phone, and each draft that is new to it."""

    def __init__(self) -> None:
        self._known: set[Change] = set()

    def read(self, topics: Iterable[Wanted]) -> dict[Wanted, list[Change]]:
        """Return what has changed of those of `topics` that are drafts; no query without any."""
        now = set(drafts_now(topics))
        new, self._known = now - self._known, now
        return {Topic(one.owner_id, one.model_id, is_draft=True): [one] for one in new}
