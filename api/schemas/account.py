"""The person who calls: what they may use, have used and have spent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from accounts.allowances import Allowance
from accounts.limit_texts import in_settings, label
from api.schema import Out, Time


class MeOut(Out):
    """Whose account it is, and what the call's token may do."""

    email: str
    is_operator: bool
    scope: str = Field(description="read, write or spend; a browser's session may spend")
    token_name: str | None
    token_expires_at: Time | None


class PhotoLimitsOut(Out):
    """The limits for a photo and for a set of photos: sizes in bytes, sides in pixels."""

    min_photos: int
    recommended_min: int
    recommended_max: int
    max_photos: int
    max_bytes: int
    max_pixels: int
    min_side: int
    max_ratio: float
    max_caption: int
    formats: list[str]


class QuotaOut(Out):
    """How much of one limit you have used. Storage is in megabytes, begun ones count whole; money
    is in US dollars, what is kept for unfinished jobs included."""

    limit: str
    label: str
    allowed: int | float
    used: int | float
    is_reached: bool

    @classmethod
    def of(cls, one: Allowance) -> QuotaOut:
        return cls(
            limit=one.limit.value,
            label=label(one.limit),
            allowed=in_settings(one.limit, one.allowed),
            used=in_settings(one.limit, one.used, up=True),
            is_reached=one.is_reached,
        )


class SpendingDayOut(Out):
    """What one day has cost at one provider."""

    day: date
    provider: str
    calls: int
    usd: Decimal
    estimated_usd: Decimal = Field(description="the part of it that is an estimate until now")


class SpendingOut(Out):
    """What a month has cost you, as the ledger of paid calls has it."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    usd: Decimal
    estimated_usd: Decimal
    budget_usd: Decimal | None = Field(description="null where you have none")
    days: list[SpendingDayOut]
