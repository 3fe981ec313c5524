"""What pages say about a person's limits where they matter: calm when near, clear when reached."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import JsonResponse
from django.utils.translation import gettext, gettext_lazy

from accounts.allowances import Allowance, Limit
from accounts.limit_texts import (
    amount,
    day_text,
    in_time,
    label,
    left_text,
    problem,
    reached_text,
)
from accounts.limits import LimitReachedError, allowances
from accounts.models import User

UPLOADING = (Limit.PHOTOS, Limit.STORAGE)
STARTING = (Limit.TRAININGS, Limit.STORAGE)
MAKING_PICTURES = (Limit.PICTURES, Limit.STORAGE)


FREED = {
    Limit.STORAGE: gettext_lazy("when you delete something"),
    Limit.DRAFTS: gettext_lazy("when you train or delete one"),
    Limit.STREAMS: gettext_lazy("when you close one"),
    Limit.REQUESTS: gettext_lazy("in a minute"),
}


@dataclass(frozen=True, slots=True)
class LimitNotes:
    """The sentences for one place of a page."""

    near: list[str]
    reached: list[str]

    def __add__(self, other: LimitNotes) -> LimitNotes:
        return LimitNotes([*self.near, *other.near], [*self.reached, *other.reached])


def limit_notes(person: User, *limits: Limit) -> LimitNotes:
    """Return what is to be said about these limits; one query for each that the person has."""
    found = allowances(person, limits)
    return LimitNotes(
        near=[left_text(one) for one in found if one.is_near and not one.is_reached],
        reached=[reached_text(one) for one in found if one.is_reached],
    )


@dataclass(frozen=True, slots=True)
class AllowanceRow:
    """A line of “What you may use”, in words."""

    label: str
    used: str
    allowed: str
    room_again: str


def allowance_rows(person: User) -> list[AllowanceRow]:
    """Return a line for every limit that holds for the person."""
    return [
        AllowanceRow(
            label(one.limit),
            amount(one.limit, one.used),
            amount(one.limit, one.allowed),
            _room_again(one),
        )
        for one in allowances(person)
    ]


def _room_again(one: Allowance) -> str:
    """Return when more is possible than now, or what makes it possible."""
    if not one.used or not one.allowed:
        return ""
    if one.usage.times:
        # Before it is reached: when the oldest of what counts no longer does.
        at = one.room_at(max(1, one.left + 1))
        return gettext("in %(time)s") % {"time": in_time(at)} if at else ""
    if one.usage.anew_at:
        return gettext("on %(day)s") % {"day": day_text(one.usage.anew_at)}
    return str(FREED.get(one.limit, ""))


def limit_reached(error: LimitReachedError) -> JsonResponse:
    """Return what scripts are told: a stable code, the sentence, and when to try again."""
    response = JsonResponse(problem(error), status=error.status)
    if error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response
