"""Sample photos to train on: a mug, drawn from several sides."""

from __future__ import annotations

import colorsys
import math
from pathlib import Path

from PIL import Image, ImageDraw

COUNT = 8  # photos
SIDE = 1024  # pixels
SMOOTHING = 2  # drawn larger, then scaled down
GLAZE, STRIPE = (52, 94, 168), (240, 232, 214)
HANDLE, INSIDE, SHADOW = (40, 74, 136), (206, 200, 188), (176, 172, 166)


def render_photos(folder: Path) -> list[Path]:
    """Draw the mug from every side into `folder` and return the files."""
    paths = [folder / f"mug-{number}.jpg" for number in range(1, COUNT + 1)]
    for number, path in enumerate(paths):
        render(2 * math.pi * number / COUNT).save(path, quality=92)
    return paths


def render(turn: float) -> Image.Image:
    """Return the mug turned by an angle in radians, each time a little nearer or more tilted."""
    side = SIDE * SMOOTHING
    red, green, blue = colorsys.hls_to_rgb(turn / (2 * math.pi), 0.87, 0.4)
    backdrop = round(red * 255), round(green * 255), round(blue * 255)
    image = Image.new("RGB", (side, side), backdrop)
    width = side * (0.48 + 0.07 * math.sin(5 * turn + 1))
    handle = 0.35 * math.cos(turn + 0.4)
    opening = 0.26 + 0.14 * math.sin(3 * turn)
    _draw_mug(ImageDraw.Draw(image), side / 2, width, handle=handle, opening=opening)
    image = image.rotate(5 * math.sin(2 * turn), Image.Resampling.BICUBIC, fillcolor=backdrop)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _draw_mug(
    pen: ImageDraw.ImageDraw, middle: float, width: float, *, handle: float, opening: float
) -> None:
    """Draw from back to front: shadow, handle, body, a stripe around it, the inside.

    In shares of the width: how far the handle sticks out to the right (to the left where
    negative), and how far one sees into the mug from above.
    """
    radius, depth = width / 2, width * opening / 2
    left, right, top, foot = middle - radius, middle + radius, middle - radius, middle + radius

    def ring(height: float, colour: tuple[int, int, int], inset: float = 0) -> None:
        box = (left + inset, height - depth + inset / 2, right - inset, height + depth - inset / 2)
        pen.ellipse(box, colour)

    pen.ellipse((left - depth, foot - depth / 2, right + depth, foot + depth * 1.6), SHADOW)
    ends = sorted(
        (middle + radius * handle, middle + math.copysign(radius, handle) + width * handle)
    )
    box = (ends[0], top + width * 0.2, ends[1], foot - width * 0.15)
    pen.rounded_rectangle(box, width * 0.2, outline=HANDLE, width=int(width * 0.1))
    for height, colour in ((foot, GLAZE), (top + width * 0.6, STRIPE), (top + width * 0.4, GLAZE)):
        pen.rectangle((left, top, right, height), colour)
        ring(height, colour)
    ring(top, GLAZE)
    ring(top, INSIDE, inset=width * 0.04)
