"""The plot of a month: a bar for each day, in parts for each provider. Numbers only, no colours."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.money import dollars
from jobs.spending import DayAtProvider

# Units of the plot; the page scales it.
BAR_WIDTH, BAR_GAP, HEIGHT = 16, 4, 140
GUTTER, FOOT, HEAD = 64, 20, 10  # for the amounts at its side, the days below, and half a line
COLOURS = 6  # in operator.css; more providers share them


@dataclass(frozen=True, slots=True)
class Part:
    """What one provider got on one day."""

    provider: str
    colour: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day."""

    day: date
    usd: Decimal
    x: int
    parts: tuple[Part, ...]

    @property
    def middle(self) -> float:
        return self.x + BAR_WIDTH / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, with its amount."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the page draws."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    colours: Mapping[str, int]  # by provider
    highest: Decimal

    width = GUTTER + 31 * (BAR_WIDTH + BAR_GAP)
    height = HEIGHT
    bar_width = BAR_WIDTH
    left = GUTTER - 6
    box = f"0 -{HEAD} {width} {HEAD + HEIGHT + FOOT}"
    foot = HEIGHT + FOOT - 5


def plot_of(month: date, rows: Sequence[DayAtProvider]) -> Plot:
    """Return the plot of a month, every day of it, from its amounts by day and provider."""
    colours = {key: number % COLOURS for number, key in enumerate(sorted(_providers(rows)))}
    days = [month.replace(day=number + 1) for number in range(monthrange(*_of(month))[1])]
    by_day: dict[date, list[DayAtProvider]] = {day: [] for day in days}
    for row in rows:
        by_day[row.day].append(row)
    sums = {day: sum((row.spent.usd for row in of), Decimal(0)) for day, of in by_day.items()}
    highest = max(sums.values())
    bars = [
        Bar(day, sums[day], GUTTER + index * (BAR_WIDTH + BAR_GAP), _parts(of, colours, highest))
        for index, (day, of) in enumerate(by_day.items())
    ]
    return Plot(tuple(bars), _lines(highest), colours, highest)


def _providers(rows: Sequence[DayAtProvider]) -> set[str]:
    return {row.provider for row in rows}


def _of(month: date) -> tuple[int, int]:
    return month.year, month.month


def _parts(
    rows: Sequence[DayAtProvider], colours: Mapping[str, int], highest: Decimal
) -> tuple[Part, ...]:
    parts, top = [], float(HEIGHT)
    for row in rows:
        if row.spent.usd:
            height = float(row.spent.usd / highest) * HEIGHT
            top -= height
            parts.append(Part(row.provider, colours[row.provider], top, height))
    return tuple(parts)


def _lines(highest: Decimal) -> tuple[Line, ...]:
    return (
        Line(0.0, dollars(highest)),
        Line(HEIGHT / 2, dollars((highest / 2).quantize(Decimal("0.0001")))),
        Line(float(HEIGHT), dollars(Decimal(0))),
    )
