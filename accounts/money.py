"""Amounts of money: kept as US dollars with four places, counted as whole hundredths of a cent."""

from __future__ import annotations

import math
from decimal import ROUND_UP, Decimal

from accounts.allowances import PER_DOLLAR

PLACES = Decimal("0.0001")
CENT = Decimal("0.01")
# More than any call costs, and than a column takes: such a figure is a mistake of whoever says it.
MOST = Decimal(100_000)


def usd(value: float | Decimal | None) -> Decimal | None:
    """Return an amount as it is kept, rounded up; None where there is no such amount of money."""
    if value is None or not math.isfinite(value) or not 0 <= value < MOST:
        return None
    return Decimal(str(value)).quantize(PLACES, rounding=ROUND_UP)


def amount_of(price: float) -> Decimal:
    """Return a price of the catalog as it is kept. Raises ValueError where it is none."""
    amount = usd(price)
    if amount is None:
        raise ValueError(f"no amount of money: {price!r}")
    return amount


def to_units(amount: Decimal) -> int:
    """Return an amount in what budgets are counted in, rounded up."""
    return math.ceil(amount * PER_DOLLAR)


def from_units(units: int) -> Decimal:
    """Return so many hundredths of a cent in dollars."""
    return Decimal(units) / PER_DOLLAR


def dollars(amount: Decimal) -> str:
    """Return “$1,234.50”; less than a dollar has as many places as it needs, up to four."""
    places = 2
    if amount < 1 and amount != amount.quantize(CENT):
        places = max(2, -int(amount.quantize(PLACES).normalize().as_tuple().exponent))
    return f"${amount:,.{places}f}"
