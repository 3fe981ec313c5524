"""What the operator's front page shows: counts, trouble, a month of trainings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from jobs import health, selectors
from jobs.messages import provider_label
from jobs.models import JobQueue
from jobs.states import Status
from jobs.trouble import alarmed, failed_since, stuck, unclear
from providers import registry

DAYS = 30
# The plot's own units; the page scales it.
BAR_WIDTH, BAR_GAP, PLOT_HEIGHT = 16, 4, 120


@dataclass(frozen=True, slots=True)
class Tally:
    """A number with the list behind it."""

    label: str
    count: int
    url: str
    is_trouble: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the plot: the whole bar, and within it the part that failed."""

    day: date
    total: int
    failed: int
    x: int
    height: float
    failed_height: float

    @property
    def y(self) -> float:
        return PLOT_HEIGHT - self.height

    @property
    def failed_y(self) -> float:
        return PLOT_HEIGHT - self.failed_height


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """What is known about one provider without asking it now."""

    label: str
    status: str
    engine: str
    is_trouble: bool


def front_page() -> dict[str, Any]:
    """Return the template's context. Reads only; asks no provider."""
    bars = trainings_per_day()
    return {
        "health": health.look(),
        "states": job_states(),
        "troubles": troubles(),
        "bars": bars,
        "highest_day": max((bar.total for bar in bars), default=0),
        "plot_width": DAYS * (BAR_WIDTH + BAR_GAP),
        "plot_height": PLOT_HEIGHT,
        "bar_width": BAR_WIDTH,
        "provider_lines": provider_lines(),
    }


def job_states() -> list[Tally]:
    """How many jobs are in each state, in the order a job goes through them."""
    rows = JobQueue.objects.order_by().values_list("status").annotate(Count("pk"))
    counts = Counter(dict(rows))
    return [
        Tally(status.label, counts[status.value], _jobs_url(status__exact=status.value))
        for status in Status
    ]


def troubles() -> list[Tally]:
    """The numbers that should be zero, in one query."""
    day = timezone.now() - timedelta(hours=24)
    conditions = {
        "unclear": ("Unclear whether they started", unclear()),
        "stuck": ("Not heard of for long", stuck()),
        "failed": ("Failed in the last 24 hours", failed_since(day)),
        "alarm": ("With an alarm", alarmed()),
    }
    counts = JobQueue.objects.aggregate(
        **{key: Count("pk", filter=condition) for key, (_, condition) in conditions.items()}
    )
    return [
        Tally(label, counts[key], _jobs_url(trouble=key), is_trouble=bool(counts[key]))
        for key, (label, _) in conditions.items()
    ]


def trainings_per_day() -> list[Bar]:
    """Trainings of the last month by the day they were started (UTC), one bar per day."""
    first = timezone.now().date() - timedelta(days=DAYS - 1)
    rows = (
        JobQueue.objects.filter(kind=JobQueue.Kind.TRAINING, created_at__date__gte=first)
        .order_by()
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(total=Count("pk"), failed=Count("pk", filter=Q(status=Status.FAILED)))
    )
    found = {row["day"]: (row["total"], row["failed"]) for row in rows}
    highest = max((total for total, _ in found.values()), default=1)
    return [_bar(index, first, found, highest) for index in range(DAYS)]


def _bar(index: int, first: date, found: dict[date, tuple[int, int]], highest: int) -> Bar:
    day = first + timedelta(days=index)
    total, failed = found.get(day, (0, 0))
    scale = PLOT_HEIGHT / highest
    return Bar(day, total, failed, index * (BAR_WIDTH + BAR_GAP), total * scale, failed * scale)


def provider_lines() -> list[ProviderLine]:
    """Every configured provider as last heard."""
    watches = selectors.provider_watches()
    descriptions = selectors.descriptions()
    lines = []
    for key in registry.configured():
        description, silent = descriptions.get(key), selectors.silent_since(key, watches)
        if silent:
            status = f"Silent since {silent:%Y-%m-%d %H:%M} UTC: {watches[key].last_error}"
        elif description is None:
            status = "Not heard yet"
        else:
            status = "Answers" if description.key_is_valid else "Refuses the key"
        is_fine = status == "Answers"
        engine = description.engine if description else ""
        lines.append(ProviderLine(provider_label(key), status, engine, not is_fine))
    return lines


def _jobs_url(**filters: str) -> str:
    return reverse("admin:jobs_jobqueue_changelist", query=filters)
