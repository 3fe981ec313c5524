"""New rows of the event table: the database side of the live pages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from jobs.models import JobEvent
from jobs.selectors import newest_event_id
from live.topics import Change, Topic
from models_app import phone_links

# PostgreSQL assigns ids before the commit: a row may appear below ids already read. So
# every read goes back over this many seconds, and at most this many rows.
OVERLAP_SECONDS = 10.0
OVERLAP_ROWS = 500
BATCH = 2000
_COLUMNS = ("id", "kind", "job__kind", "job__owner_id", "job__model_id")


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


def changes_after(topic: Topic, after: int) -> list[Change]:
    """Return what `topic` may have missed since event `after`.

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


def drafts_now(topics: Iterable[Topic]) -> list[Change]:
    """Return how often what phones add to each draft has changed until now."""
    drafts = {topic.model_id: topic for topic in topics if topic.is_draft and topic.model_id}
    versions = phone_links.versions(set(drafts)) if drafts else {}
    return [
        Change(version, "photos", "", drafts[model_id].owner_id, model_id)
        for model_id, version in versions.items()
    ]


class DraftFeed:
    """Returns a draft whose photos have changed by a phone, and each draft that is new to it."""

    def __init__(self) -> None:
        self._known: set[Change] = set()

    def read(self, topics: Iterable[Topic]) -> dict[Topic, list[Change]]:
        """Return what has changed of those of `topics` that are drafts; no query without any."""
        now = set(drafts_now(topics))
        new, self._known = now - self._known, now
        return {Topic(one.owner_id, one.model_id, is_draft=True): [one] for one in new}
