"""Named conditions on jobs: what an operator should look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from jobs.states import UNFINISHED, Status

if TYPE_CHECKING:
    from jobs.models import JobQueue  # noqa: F401 - in the base class, as a string

STUCK_AFTER = timedelta(minutes=10)
RECENTLY = timedelta(hours=24)


class JobQuerySet(QuerySet["JobQueue"]):
    """Jobs, with the conditions that pages, admin and commands share."""

    def stuck(self) -> Self:
        """Unfinished jobs not observed for STUCK_AFTER."""
        return self.filter(_stuck())

    def needs_attention(self, reason: str = "") -> Self:
        """Jobs with this reason of `attention()`, or with any."""
        if reason:
            return self.filter(attention()[reason])
        every = Q()
        for condition in attention().values():
            every |= condition
        return self.filter(every)

    def attention_counts(self) -> dict[str, int]:
        """Return how many jobs need attention for each reason of `attention()`, in one query."""
        counted = {name: Count("pk", filter=found) for name, found in attention().items()}
        return dict(self.aggregate(**counted))

    def in_turns(self) -> Self:
        """The longest waiting first, but in turns from every provider and owner: one owner's
        thousand jobs do not hide another's one."""
        turn = Window(
            RowNumber(),
            partition_by=["provider", "owner_id"],
            order_by=[F("next_poll_at"), F("pk")],
        )
        return self.annotate(turn=turn).order_by("turn", "next_poll_at")

    def nearest_end_in_turns(self) -> Self:
        """In turns from every owner, the runs first whose end is nearest; one of which nobody
        knows it yet as if it took as long again as it has taken until now."""
        now = Value(timezone.now())
        as_long_again = ExpressionWrapper(now + (now - F("created_at")), DateTimeField())
        end = Coalesce("eta_at", as_long_again)
        turn = Window(RowNumber(), partition_by=["owner_id"], order_by=[end, F("pk")])
        return self.annotate(end=end, turn=turn).order_by("turn", "end")

    def hurry(self, **changes: Any) -> int:
        """Have them looked at before all others that are due: as if they had waited since they
        were made. Return how many they are."""
        return self.update(next_poll_at=F("created_at"), **changes)

    def with_is_stuck(self) -> Self:
        """Annotate each job with `is_stuck`."""
        return self.annotate(is_stuck=Case(When(_stuck(), then=Value(True)), default=Value(False)))


def attention() -> Mapping[str, Q]:
    """Return the condition of each reason for which a job needs attention."""
    return {
        "unclear": Q(status=Status.UNKNOWN),
        "stuck": _stuck(),
        "failed": Q(status=Status.FAILED, finished_at__gte=timezone.now() - RECENTLY),
        "incident": ~Q(incident=""),
    }


def _stuck() -> Q:
    limit = timezone.now() - STUCK_AFTER
    unobserved = Q(last_seen_at__lt=limit) | Q(last_seen_at=None, created_at__lt=limit)
    return Q(status__in=sorted(UNFINISHED)) & unobserved
