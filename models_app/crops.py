"""The part of a photo that is trained on: a box in whole pixels of the stored photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from models_app.limits import LIMITS
from models_app.refusals import refused


@dataclass(frozen=True, slots=True)
class Box:
    """From the photo's upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def whole(cls, width: int, height: int) -> Box:
        return cls(0, 0, width, height)

    @classmethod
    def from_json(cls, stored: Mapping[str, int]) -> Box:
        return cls(**stored)

    def as_json(self) -> dict[str, int]:
        return {"left": self.left, "top": self.top, "width": self.width, "height": self.height}

    def __str__(self) -> str:
        """The four numbers, as a form sends them to say which box it knows of."""
        return f"{self.left},{self.top},{self.width},{self.height}"

    @property
    def in_words(self) -> str:
        """Its size and place for people."""
        return _("%(width)d × %(height)d pixels, %(left)d from the left, %(top)d from the top") % (
            self.as_json()
        )

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge."""
        return self.left, self.top, self.left + self.width, self.top + self.height


class Preset(StrEnum):
    """Boxes that need no numbers; the squares are as large as the photo allows."""

    WHOLE = "whole"
    START = "start"  # left of a wide photo, top of a tall one
    CENTRE = "centre"
    END = "end"

    def box(self, width: int, height: int) -> Box:
        """Return this part of a photo with these sides."""
        if self is Preset.WHOLE:
            return Box.whole(width, height)
        side = min(width, height)
        share = {Preset.START: 0.0, Preset.CENTRE: 0.5, Preset.END: 1.0}[self]
        return Box(int((width - side) * share), int((height - side) * share), side, side)


def check_box(box: Box, width: int, height: int) -> None:
    """Raise PhotoRefusedError unless `box` is a part of a photo with these sides that can be
    trained on. All of a photo always is: its own sides were judged when it was taken."""
    left, top, right, bottom = box.edges
    if min(left, top) < 0 or right > width or bottom > height:
        raise refused("crop_outside", width=width, height=height)
    if box == Box.whole(width, height):
        return
    if LIMITS.is_too_small(box.width, box.height):
        raise refused("crop_too_small", least=LIMITS.min_side)
    if LIMITS.is_too_narrow(box.width, box.height):
        raise refused("crop_too_narrow", ratio=LIMITS.max_ratio)
