"""The loss curve as geometry; the template renders it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

WIDTH, HEIGHT = 1000, 300  # units of the SVG, stretched to the space available


@dataclass(frozen=True, slots=True)
class Curve:
    """What the SVG needs, and the same in words for screen readers."""

    points: str  # "x,y x,y ..." in SVG units
    area: str  # the same, closed along the lower edge
    highest: str
    lowest: str
    first_step: int
    last_step: int
    now: str
    summary: str


def curve_of(losses: Sequence[tuple[int, float]]) -> Curve | None:
    """Return the curve through (step, loss); None until there are two points to join."""
    if len(losses) < 2:
        return None
    steps = [step for step, _ in losses]
    values = [loss for _, loss in losses]
    low, high = min(values), max(values)
    points = " ".join(
        f"{_scaled(step, steps[0], steps[-1], WIDTH):.1f},"
        f"{HEIGHT - _scaled(loss, low, high, HEIGHT):.1f}"
        for step, loss in losses
    )
    return Curve(
        points=points,
        area=f"0,{HEIGHT} {points} {WIDTH},{HEIGHT}",
        highest=f"{high:.3f}",
        lowest=f"{low:.3f}",
        first_step=steps[0],
        last_step=steps[-1],
        now=f"{values[-1]:.3f}",
        summary=_summary(losses[0], losses[-1]),
    )


def _scaled(value: float, low: float, high: float, size: int) -> float:
    return (value - low) / (high - low) * size if high > low else size / 2


def _summary(first: tuple[int, float], last: tuple[int, float]) -> str:
    text = gettext("The loss went from %(from)s at step %(start)s to %(to)s at step %(end)s.")
    steps = {"start": f"{first[0]:,}", "end": f"{last[0]:,}"}
    return text % {"from": f"{first[1]:.3f}", "to": f"{last[1]:.3f}", **steps}
