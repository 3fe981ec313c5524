"""Sample photos to train on: a mug, drawn from several sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]

SIDE = 1024  # pixels
SMOOTHING = 2  # drawn larger, then scaled down
GLAZE, STRIPE = (52, 94, 168), (240, 232, 214)
HANDLE, INSIDE, SHADOW = (40, 74, 136), (206, 200, 188), (176, 172, 166)


@dataclass(frozen=True, slots=True)
class View:
    """One side of the mug, in shares of its width where nothing else is said."""

    handle: float  # how far it sticks out: to the right, to the left where negative
    opening: float  # how far one sees into the mug from above
    width: float  # share of the photo
    tilt: float  # degrees
    backdrop: Colour


VIEWS = (
    View(0.34, 0.20, 0.46, 0, (229, 224, 214)),
    View(0.24, 0.28, 0.52, 4, (202, 218, 226)),
    View(-0.34, 0.14, 0.42, -3, (236, 222, 230)),
    View(-0.20, 0.36, 0.48, 0, (212, 228, 206)),
    View(0.12, 0.24, 0.56, -5, (222, 222, 222)),
    View(-0.28, 0.44, 0.44, 6, (240, 226, 200)),
    View(0.30, 0.10, 0.50, -2, (204, 210, 232)),
    View(-0.10, 0.32, 0.40, 3, (226, 236, 230)),
)


def render_photos(folder: Path) -> list[Path]:
    """Draw the mug from every side into `folder` and return the files."""
    paths = []
    for number, view in enumerate(VIEWS, start=1):
        path = folder / f"mug-{number}.jpg"
        render(view).save(path, quality=92)
        paths.append(path)
    return paths


def render(view: View) -> Image.Image:
    """Return one photo: the mug in the middle of a plain backdrop."""
    side = SIDE * SMOOTHING
    image = Image.new("RGB", (side, side), view.backdrop)
    _draw_mug(ImageDraw.Draw(image), side / 2, side * view.width, view)
    tilted = image.rotate(view.tilt, Image.Resampling.BICUBIC, fillcolor=view.backdrop)
    return tilted.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _draw_mug(pen: ImageDraw.ImageDraw, middle: float, width: float, view: View) -> None:
    """Draw from back to front: shadow, handle, body, a stripe around it, the inside."""
    radius, depth = width / 2, width * view.opening / 2
    left, right, top, foot = middle - radius, middle + radius, middle - radius, middle + radius

    def ring(height: float, colour: Colour, inset: float = 0) -> None:
        box = (left + inset, height - depth + inset / 2, right - inset, height + depth - inset / 2)
        pen.ellipse(box, colour)

    pen.ellipse((left - depth, foot - depth / 2, right + depth, foot + depth * 1.6), SHADOW)
    outer = (right if view.handle > 0 else left) + width * view.handle
    near = middle + radius * view.handle
    handle = (min(near, outer), top + width * 0.2, max(near, outer), foot - width * 0.15)
    pen.rounded_rectangle(handle, width * 0.2, outline=HANDLE, width=int(width * 0.1))
    for height, colour in ((foot, GLAZE), (top + width * 0.6, STRIPE), (top + width * 0.4, GLAZE)):
        pen.rectangle((left, top, right, height), colour)
        ring(height, colour)
    ring(top, GLAZE)
    ring(top, INSIDE, inset=width * 0.04)
