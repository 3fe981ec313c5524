"""How much one person may use: the one place where that is decided.

A person's own value counts, else the installation's setting, else there is no limit. What was
used is counted by the room whose rows it is; each registers how when Django starts. A day is the
last 24 hours, whenever they began; money is counted by the calendar month. Services call `require`
in the transaction that uses something up, after `lock`, so that two presses never both get the
last place.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.dispatch import Signal
from django.utils import timezone

from accounts.allowances import DAY, Allowance, Limit, Usage
from accounts.limit_texts import reached_text
from accounts.models import User

# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")
# An operator changed a person's own limits: sent with `user`, `request` and the new `values`.
limits_changed = Signal()


class LimitReachedError(Exception):
    """A person may not use `more` of this now. Nothing was changed; the text says what helps."""

    def __init__(self, allowance: Allowance, more: int = 1) -> None:
        super().__init__(reached_text(allowance, more))
        self.limit, self.used = allowance.limit, allowance.used
        self.allowed: int | None = allowance.allowed
        self.room_at = allowance.room_at(more)

    @property
    def code(self) -> str:
        """The stable word that programs are told."""
        return "budget_reached" if self.limit.is_money else "limit_reached"

    @property
    def status(self) -> int:
        """The HTTP status of an answer that says so: 402 where it is about money (RFC 9110)."""
        return 402 if self.limit.is_money else 429

    @property
    def retry_after(self) -> int | None:
        """In how many seconds there is room; None where waiting does not help."""
        if self.room_at is None:
            return None
        return max(1, math.ceil((self.room_at - timezone.now()).total_seconds()))


UsageOf = Callable[[User], Usage]
_usages: dict[Limit, UsageOf] = {}


def register(limit: Limit, usage_of: UsageOf) -> None:
    """Have this room say what a person has used of `limit`."""
    _usages[limit] = usage_of


def allowed(person: User, limit: Limit) -> int | None:
    """Return how much the person may use, in what is counted; None without a limit. No query."""
    own: int | Decimal | None = getattr(person, limit.column)
    value: int | Decimal | None = getattr(settings, limit.setting) if own is None else own
    return None if value is None else int(value * limit.unit)


def allowance(person: User, limit: Limit) -> Allowance | None:
    """Return what the person may use and has used; None, without a query, where nothing limits."""
    most = allowed(person, limit)
    return None if most is None else Allowance(limit, most, _usages[limit](person))


def allowances(person: User, limits: Iterable[Limit] = Limit) -> list[Allowance]:
    """Return the person's allowances of those of `limits` that exist for them."""
    found = (allowance(person, limit) for limit in limits)
    return [one for one in found if one is not None]


def lock(person_id: int) -> User:
    """Return the person, locked until the transaction ends: others who use something up wait.

    Before any other row is locked, as whoever deletes an account does. Rows that only refer to
    the person can still be written (PostgreSQL, FOR NO KEY UPDATE): a worker that stores a result
    never waits for this. SQLite's transactions hold the write lock from their beginning.
    """
    return User.objects.select_for_update(no_key=True).get(pk=person_id)


def require(person: User, limit: Limit, more: int = 1) -> None:
    """Raise LimitReachedError where the person may not use `more` of this. Call `lock` before."""
    found = allowance(person, limit)
    if found is not None and found.used + more > found.allowed:
        security_log.info("limit reached account=%s limit=%s", person.pk, limit.setting)
        raise LimitReachedError(found, more)


def day_began() -> datetime:
    """Return since when something counts for a daily limit."""
    return timezone.now() - DAY
