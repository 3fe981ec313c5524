"""What a month has cost, by day, provider and person, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from jobs.budgets import NOTHING, calls_of, unsent_jobs
from jobs.models import PaidCall
from jobs.paid_calls import COUNTING

PEOPLE_SHOWN = 50
CHUNK = 500
_COUNTS = Q(outcome__in=sorted(COUNTING))


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount: how many calls it is of, and which part of it is an estimate until now."""

    calls: int = 0
    usd: Decimal = NOTHING
    estimated: Decimal = NOTHING

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.calls + other.calls, self.usd + other.usd, self.estimated + other.estimated
        )


@dataclass(frozen=True, slots=True)
class DayAtProvider:
    """What one day has cost at one provider."""

    day: date
    provider: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class Person:
    """What one person has spent; without an address for accounts that are deleted."""

    email: str
    spent: Spent


def by_day(month: date, person: User | None = None) -> list[DayAtProvider]:
    """Return the month's amounts by day and provider, in this order; one query. Of everybody, or
    of one person."""
    calls = calls_of(month) if person is None else calls_of(month).filter(owner=person)
    rows = _summed(calls, "day", "provider").order_by("day", "provider")
    return [DayAtProvider(row["day"], row["provider"], _spent(row)) for row in rows]


def by_person(month: date) -> list[Person]:
    """Return those who have spent most, with one row for all deleted accounts; two queries."""
    rows = list(_summed(calls_of(month), "owner").order_by("-usd", "owner")[:PEOPLE_SHOWN])
    people = User.objects.filter(pk__in=[row["owner"] for row in rows if row["owner"]])
    emails = dict(people.values_list("pk", "email"))
    return [Person(emails.get(row["owner"], ""), _spent(row)) for row in rows]


def total(amounts: Iterable[Spent]) -> Spent:
    return sum(amounts, Spent())


def kept() -> Decimal:
    """Return what is kept for jobs that have started and are not sent yet."""
    found: Decimal | None = unsent_jobs().aggregate(kept=Sum("budget_usd"))["kept"]
    return found or NOTHING


def first_month() -> date | None:
    """Return the first day of the month in which the ledger begins; None while it is empty."""
    day = PaidCall.objects.order_by("day").values_list("day", flat=True).first()
    return day.replace(day=1) if day else None


def rows_of(month: date) -> Iterator[list[PaidCall]]:
    """Yield all rows of a month, some at a time: no query is left open in between."""
    ids = list(calls_of(month).order_by("day", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        rows = PaidCall.objects.filter(pk__in=ids[start : start + CHUNK]).select_related("owner")
        yield list(rows.order_by("day", "pk"))


def _summed(calls: QuerySet[PaidCall], *groups: str) -> QuerySet[Any, dict[str, Any]]:
    is_estimate = _COUNTS & Q(actual_usd__isnull=True)
    summed: QuerySet[Any, dict[str, Any]] = calls.values(*groups).annotate(
        calls=Count("pk"),
        usd=Coalesce(Sum(Coalesce("actual_usd", "estimate_usd"), filter=_COUNTS), NOTHING),
        estimated=Coalesce(Sum("estimate_usd", filter=is_estimate), NOTHING),
    )
    return summed


def _spent(row: dict[str, Any]) -> Spent:
    return Spent(row["calls"], row["usd"], row["estimated"])
