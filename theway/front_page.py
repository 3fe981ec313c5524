"""The front page of the admin: counts, what needs attention, a month of trainings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy as _

from accounts import errands
from accounts.outgoing import outbox
from dashboard.templatetags.times import moment
from jobs import health, selectors
from jobs.models import JobQueue, RemoteDeletion
from jobs.states import Status
from providers import registry
from theway.files_page import last_comparison

DAYS = 30
ATTENTION_LABELS = {
    "unclear": _("Unclear whether they started"),
    "stuck": _("Not observed for long"),
    "failed": _("Failed in the last 24 hours"),
    "incident": _("With an incident"),
}
# Units of the plot; the page scales it.
BAR_WIDTH, BAR_GAP, PLOT_HEIGHT = 16, 4, 120


@dataclass(frozen=True, slots=True)
class Tally:
    """A number that links to its list."""

    label: str | Promise
    count: int
    url: str
    needs_attention: bool = False


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
    """What is known about one provider without calling it now."""

    label: str
    status: str
    engine: str
    needs_attention: bool


def front_page() -> dict[str, Any]:
    """Return the template's context. Reads only; calls no provider."""
    bars = trainings_per_day()
    return {
        "health": health.check(),
        "states": job_states(),
        "attention": needing_attention(),
        "bars": bars,
        "highest_day": max((bar.total for bar in bars), default=0),
        "plot_width": DAYS * (BAR_WIDTH + BAR_GAP),
        "plot_height": PLOT_HEIGHT,
        "bar_width": BAR_WIDTH,
        "provider_lines": provider_lines(),
    }


def job_states() -> list[Tally]:
    """Return how many jobs are in each state, in the order of a job's life."""
    rows = JobQueue.objects.order_by().values_list("status").annotate(Count("pk"))
    counts = Counter(dict(rows))
    return [
        Tally(status.label, counts[status.value], _jobs_url(status__exact=status.value))
        for status in Status
    ]


def needing_attention() -> list[Tally]:
    """Return the counts that should be zero, in four queries."""
    counts = JobQueue.objects.attention_counts()
    tallies = [
        Tally(label, counts[reason], _jobs_url(attention=reason), bool(counts[reason]))
        for reason, label in ATTENTION_LABELS.items()
    ]
    return [*tallies, _left_at_providers(), _unsent_mails(), _late_webhooks(), _lost_files()]


def _left_at_providers() -> Tally:
    left = RemoteDeletion.objects.filter(next_try_at=None).count()
    url = reverse("admin:jobs_remotedeletion_changelist") + "?given_up=yes"
    return Tally(_("To be deleted at a provider by hand"), left, url, bool(left))


def _unsent_mails() -> Tally:
    unsent = errands.given_up().count()
    url = reverse("admin:accounts_errand_changelist") + "?given_up_at__isempty=0"
    return Tally(_("Mails that could not be sent"), unsent, url, bool(unsent))


def _late_webhooks() -> Tally:
    late = outbox.late().count()
    url = reverse("admin:accounts_webhookdelivery_changelist") + "?next_try_at__isempty=0"
    return Tally(_("Webhooks that wait for minutes"), late, url, bool(late))


def _lost_files() -> Tally:
    lost = last_comparison().lost
    return Tally(_("Rows without a file"), lost, reverse("admin:files"), bool(lost))


def trainings_per_day() -> list[Bar]:
    """Return the trainings of the last month by the day of their start (UTC), one bar per day."""
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
    """Return every configured provider as last described."""
    statuses = selectors.provider_statuses()
    descriptions = selectors.descriptions()
    lines = []
    for key in registry.configured():
        description, silent = descriptions.get(key), selectors.silent_since(key, statuses)
        status: str
        if silent:
            since, error = moment(silent), statuses[key].last_error
            text = gettext("No answer since {since}: {error}")
            status = format_html(text, since=since, error=error)
        elif description is None:
            status = gettext("No answer yet")
        else:
            status = gettext("Answers") if description.key_is_valid else gettext("Refuses the key")
        is_fine = bool(description and description.key_is_valid and not silent)
        engine = description.engine if description else ""
        lines.append(ProviderLine(registry.label_of(key), status, engine, not is_fine))
    return lines


def _jobs_url(**filters: str) -> str:
    return reverse("admin:jobs_jobqueue_changelist", query=filters)
