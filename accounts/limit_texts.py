"""What people read about their limits: what is left, what is reached, and what helps then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _, gettext_lazy, ngettext, ngettext_lazy

from accounts.allowances import MEBIBYTE, Allowance, Limit
from accounts.money import dollars, from_units

if TYPE_CHECKING:
    from accounts.limits import LimitReachedError


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences about one limit. `left` and `reached` take `allowed` and `left`."""

    label: Any
    left: Any
    reached: Any
    none: Any


TEXTS = {
    Limit.PHOTOS: Texts(
        gettext_lazy("Photos in 24 hours"),
        gettext_lazy("%(left)s of %(allowed)s photos left to upload in 24 hours."),
        ngettext_lazy(
            "You have uploaded %(allowed)s photo in 24 hours, which is as many as you may.",
            "You have uploaded %(allowed)s photos in 24 hours, which is as many as you may.",
            "number",
        ),
        gettext_lazy("You may not upload photos here."),
    ),
    Limit.STORAGE: Texts(
        gettext_lazy("Storage"),
        gettext_lazy("%(left)s of %(allowed)s of storage left."),
        gettext_lazy(
            "Your %(allowed)s of storage are used. Delete photos, pictures or models to make room."
        ),
        gettext_lazy("You may not store anything here."),
    ),
    Limit.DRAFTS: Texts(
        gettext_lazy("Drafts"),
        gettext_lazy("%(left)s of %(allowed)s drafts left."),
        ngettext_lazy(
            "You have %(allowed)s draft, which is as many as you may. Train or delete it to begin "
            "another.",
            "You have %(allowed)s drafts, which is as many as you may. Train or delete one to "
            "begin another.",
            "number",
        ),
        gettext_lazy("You may not make models here."),
    ),
    Limit.TRAININGS: Texts(
        gettext_lazy("Trainings in 24 hours"),
        gettext_lazy("%(left)s of %(allowed)s trainings left in 24 hours."),
        ngettext_lazy(
            "You have started %(allowed)s training in 24 hours, which is as many as you may.",
            "You have started %(allowed)s trainings in 24 hours, which is as many as you may.",
            "number",
        ),
        gettext_lazy("You may not start trainings here."),
    ),
    Limit.PICTURES: Texts(
        gettext_lazy("Pictures in 24 hours"),
        gettext_lazy("%(left)s of %(allowed)s pictures left in 24 hours."),
        ngettext_lazy(
            "You have made %(allowed)s picture in 24 hours, which is as many as you may.",
            "You have made %(allowed)s pictures in 24 hours, which is as many as you may.",
            "number",
        ),
        gettext_lazy("You may not make pictures here."),
    ),
    Limit.STREAMS: Texts(
        gettext_lazy("Pages and programs with live updates"),
        gettext_lazy("%(left)s of %(allowed)s pages and programs with live updates left."),
        ngettext_lazy(
            "You already have %(allowed)s page or program with live updates open. Close it to open "
            "another.",
            "You already have %(allowed)s pages and programs with live updates open. Close one to "
            "open another.",
            "number",
        ),
        gettext_lazy("Neither pages nor programs have live updates for you."),
    ),
    Limit.REQUESTS: Texts(
        gettext_lazy("Requests in this minute"),
        gettext_lazy("%(left)s of %(allowed)s requests left in this minute."),
        ngettext_lazy(
            "More than %(allowed)s request came from you within a minute. Nothing was changed. "
            "Wait a minute, then try again.",
            "More than %(allowed)s requests came from you within a minute. Nothing was changed. "
            "Wait a minute, then try again.",
            "number",
        ),
        gettext_lazy("You may not use this site."),
    ),
    Limit.BUDGET: Texts(
        gettext_lazy("Spending this month"),
        gettext_lazy("%(left)s of your %(allowed)s for this month left."),
        gettext_lazy("Your %(allowed)s for this month are spent, or kept for what has started."),
        gettext_lazy("You may not start anything here that costs money."),
    ),
}


def label(limit: Limit) -> str:
    """Return what the limit is called."""
    return str(TEXTS[limit].label)


def amount(limit: Limit, value: int) -> str:
    """Return a number of what is counted: “12”, “$7.50”, or “4,980 MB” of storage, rounded up."""
    if limit is Limit.STORAGE:
        return _("%(number)s MB") % {"number": _number(-(-value // MEBIBYTE))}
    return dollars(from_units(value)) if limit.is_money else _number(value)


def left_text(allowance: Allowance) -> str:
    """Return how much is left, as a sentence."""
    return str(TEXTS[allowance.limit].left % _values(allowance))


def reached_text(allowance: Allowance, more: int = 1) -> str:
    """Return why `more` is too much, when there is room again, and who can change that."""
    texts, values = TEXTS[allowance.limit], _values(allowance)
    if not allowance.allowed:
        first = texts.none
    elif allowance.is_reached:
        first = texts.reached % values
    else:
        first = texts.left % values
    sentences = [
        *_price(allowance, more),
        str(first),
        *_when(allowance, more),
        _("The operator can allow you more."),
    ]
    return " ".join(sentences)


def problem(error: LimitReachedError) -> dict[str, Any]:
    """Return what a program is told: a stable code, the sentence, and the numbers."""
    return {
        "code": error.code,
        "message": str(error),
        "limit": error.limit.value,
        "allowed": None if error.allowed is None else in_settings(error.limit, error.allowed),
        "room_at": error.room_at.isoformat() if error.room_at else None,
    }


def in_time(at: datetime) -> str:
    """Return how long it is until `at`, rounded up: “24 hours”, “25 minutes”, never nothing."""
    minutes = max(1, math.ceil((at - timezone.now()).total_seconds() / 60))
    if minutes < 60:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = math.ceil(minutes / 60)
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}


def in_settings(limit: Limit, value: int, *, up: bool = False) -> int | float:
    """Return a number of what is counted in the unit in which limits are set, `up` rounded up."""
    if limit.is_money:
        return float(from_units(value))
    return -(-value // limit.unit) if up else value // limit.unit


def anew_text(at: datetime) -> str:
    """Return when the month of a budget ends, as a sentence."""
    return _("The month begins anew on %(day)s.") % {"day": day_text(at)}


def day_text(at: datetime) -> str:
    """Return the day of the installation's calendar: “1 December”."""
    return date_format(timezone.localtime(at, timezone.get_default_timezone()), "j F")


def _price(allowance: Allowance, more: int) -> list[str]:
    """What it would have cost, where that is why it is too much."""
    if not allowance.limit.is_money or not allowance.allowed or allowance.is_reached:
        return []
    return [_("This costs about %(price)s.") % {"price": dollars(from_units(more))}]


def _when(allowance: Allowance, more: int) -> list[str]:
    at = allowance.room_at(more)
    if at is None:
        return []
    if allowance.limit.is_money:
        return [anew_text(at)]
    return [_("There is room again in %(time)s.") % {"time": in_time(at)}]


def _values(allowance: Allowance) -> dict[str, Any]:
    limit, left = allowance.limit, allowance.left
    return {
        "allowed": amount(limit, allowance.allowed),
        "left": amount(limit, left if limit.is_money else left // limit.unit * limit.unit),
        "number": allowance.allowed,
    }


def _number(value: int) -> str:
    return str(number_format(value, force_grouping=True))
