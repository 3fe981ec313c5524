"""The person who calls, their limits and their spending."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query

from accounts import limits
from accounts.allowances import PER_DOLLAR, Limit
from api.auth import person_of, token_in
from api.routing import new_router
from api.schemas.account import MeOut, PhotoLimitsOut, QuotaOut, SpendingDayOut, SpendingOut
from jobs.budgets import this_month
from jobs.spending import by_day, total
from models_app.limits import LIMITS

router = new_router("Account")

Month = Annotated[
    str, Query(pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$", description="2026-11; empty: this month")
]


@router.get("/me", response=MeOut)
def get_me(request: HttpRequest) -> MeOut:
    """Get whose account it is, and what the token may do."""
    person, token = person_of(request), token_in(request)
    return MeOut(
        email=person.email,
        is_operator=person.is_staff,
        scope=token.scope if token else "spend",
        token_name=token.name if token else None,
        token_expires_at=token.expires_at if token else None,
    )


@router.get("/limits", response=PhotoLimitsOut)
def get_photo_limits(request: HttpRequest) -> dict[str, Any]:
    """Get the limits for a photo and for a set of photos."""
    return asdict(LIMITS)


@router.get("/quotas", response=list[QuotaOut])
def list_quotas(request: HttpRequest) -> list[QuotaOut]:
    """List what you may use and have used, of every limit that holds for you."""
    return [QuotaOut.of(one) for one in limits.allowances(person_of(request))]


@router.get("/spending", response=SpendingOut)
def get_spending(request: HttpRequest, month: Month = "") -> SpendingOut:
    """Get what a month has cost you, by day and provider."""
    person = person_of(request)
    first = date.fromisoformat(f"{month}-01") if month else this_month()
    days = by_day(first, person)
    all_of_it = total(one.spent for one in days)
    most = limits.allowed(person, Limit.BUDGET)
    return SpendingOut(
        month=f"{first:%Y-%m}",
        usd=all_of_it.usd,
        estimated_usd=all_of_it.estimated,
        budget_usd=None if most is None else Decimal(most) / PER_DOLLAR,
        days=[
            SpendingDayOut(
                day=one.day,
                provider=one.provider,
                calls=one.spent.calls,
                usd=one.spent.usd,
                estimated_usd=one.spent.estimated,
            )
            for one in days
        ],
    )
