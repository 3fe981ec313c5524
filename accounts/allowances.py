"""The limits there are, and how much of one a person may use and has used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DAY = timedelta(hours=24)
MEBIBYTE = 1024 * 1024
PER_DOLLAR = 10_000
NEAR = 0.8  # of what is allowed: from here on pages say what is left


class Limit(StrEnum):
    """What is limited. The value names the setting and the person's own column."""

    PHOTOS = "photos_per_day"
    STORAGE = "storage_mb"
    DRAFTS = "drafts"
    TRAININGS = "trainings_per_day"
    PICTURES = "pictures_per_day"
    STREAMS = "streams"
    REQUESTS = "requests_per_minute"
    BUDGET = "budget_usd"

    @property
    def is_money(self) -> bool:
        """Whether it is spent, in the calendar month, instead of counted."""
        return self is Limit.BUDGET

    @property
    def setting(self) -> str:
        return "BUDGET_PER_PERSON_USD" if self.is_money else f"LIMIT_{self.value.upper()}"

    @property
    def column(self) -> str:
        """The name of the person's own value (`accounts.own_limits`)."""
        return f"limit_{self.value}"

    @property
    def unit(self) -> int:
        """How many of what is counted make one of what is set: storage is counted in bytes, money
        in hundredths of a cent."""
        return {Limit.STORAGE: MEBIBYTE, Limit.BUDGET: PER_DOLLAR}.get(self, 1)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a person has used. Of a daily limit also when: (time, amount), the oldest first. Of one
    that begins anew for all at once, when that is."""

    used: int
    times: tuple[tuple[datetime, int], ...] = ()
    anew_at: datetime | None = None

    @classmethod
    def of_day(cls, times: Iterable[tuple[datetime, int]]) -> Usage:
        """Return what was used at these times of the last 24 hours, the oldest first."""
        found = tuple(times)
        return cls(sum(amount for _, amount in found), found)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of one limit a person may use and has used, in what is counted."""

    limit: Limit
    allowed: int
    usage: Usage

    @property
    def used(self) -> int:
        return self.usage.used

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)

    @property
    def is_reached(self) -> bool:
        return self.used >= self.allowed

    @property
    def is_near(self) -> bool:
        return self.used >= NEAR * self.allowed

    def room_at(self, more: int = 1) -> datetime | None:
        """Return when there is room for `more` by itself; None where waiting does not help."""
        if self.usage.anew_at:
            return self.usage.anew_at if more <= self.allowed else None
        excess = self.used + more - self.allowed
        for at, amount in self.usage.times:
            excess -= amount
            if excess <= 0:
                return at + DAY
        return None
