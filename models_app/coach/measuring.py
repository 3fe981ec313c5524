"""Measures a photo: sharpness, light, colours, hash, a grey end, faces. Runs in a worker.

With Pillow alone: numpy would take longer to load than all of this takes.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageStat

from models_app.coach import faces
from models_app.coach.measures import VERSION

# About what trainers learn at: sharper than that is not seen, and noise is averaged away.
NEAR_SIDE = 1024
_SMALL_SIDE = 256
_TILES = 12
# A tile with less contrast than this, of 255, says nothing about sharpness.
_TILE_CONTRAST = 2.5
# Of the tiles that say something, this many of the sharpest are passed over.
_PASSED_OVER = 20
# A whole picture with less contrast than this is not blurred but empty.
_PICTURE_CONTRAST = 12
_FULL = 250
# libjpeg fills what is missing with this (jdhuff.c: coefficients of zero).
_FILLING = 128
_MOST_FACES = 8


def measure(image: Image.Image) -> dict[str, Any]:
    """Return the measures of an upright RGB photo, to be stored as JSON; the photo stays as it is.

    `sharpness` is None where a photo has no contrast, and `faces` where nothing can look for them.
    All shares and places are fractions of the photo.
    """
    near = _reduced(image, NEAR_SIDE)
    small = _resized(near, _SMALL_SIDE)
    return {
        "version": VERSION,
        "sharpness": sharpness(near),
        "light": light(small),
        "hash": difference_hash(small),
        "colours": surrounding_colours(small),
        "grey_end": round(grey_end(near, small), 3),
        "faces": _faces(near),
    }


def sharpness(image: Image.Image) -> float | None:
    """Return how fine the sharpest details are: about 0.5 in focus, 0.15 at a blur of 2 pixels.

    The share of contrast between neighbours in that of a wider surrounding, so that it depends
    on neither light nor subject, in the best tiles, so that a soft background does not count.
    """
    grey = image.convert("L")
    side = max(16, max(grey.size) // _TILES)
    fine = _means(grey, 1, side, 8)
    wide = _means(grey, 4, side, 4)
    shares = sorted(
        (f / w for f, w in zip(fine, wide, strict=True) if w >= _TILE_CONTRAST), reverse=True
    )
    if shares:
        return round(shares[len(shares) // _PASSED_OVER], 3)
    return 0.0 if ImageStat.Stat(grey).stddev[0] > _PICTURE_CONTRAST else None


def _means(grey: Image.Image, radius: int, side: int, gain: int) -> list[float]:
    """Return each tile's mean difference from its blurred self. `gain` keeps fractions in bytes."""
    rest = ImageChops.difference(grey, grey.filter(ImageFilter.BoxBlur(radius)))
    tiles = rest.point([min(255, value * gain) for value in range(256)]).reduce(side)
    return [value / gain for value in tiles.tobytes()]


def light(image: Image.Image) -> dict[str, float]:
    """Return the brightness below which half and 95 % of the pixels are; how many are burnt out.

    Those are counted in the middle, three fifths of each side, where two channels are full.
    """
    grey = image.convert("L")
    width, height = grey.size
    middle = image.crop((width // 5, height // 5, width - width // 5, height - height // 5))
    red, green, blue = middle.split()
    between = ImageChops.darker(ImageChops.lighter(red, green), blue)
    counts = ImageChops.lighter(ImageChops.darker(red, green), between).histogram()
    return {
        "middle": _percentile(grey, 50),
        "bright": _percentile(grey, 95),
        "white": round(sum(counts[_FULL:]) / (sum(counts) or 1), 3),
    }


def _percentile(grey: Image.Image, percent: int) -> int:
    counts = list(accumulate(grey.histogram()))
    return bisect_left(counts, counts[-1] * percent / 100)


def difference_hash(image: Image.Image) -> str | None:
    """Return 64 bits as hexadecimals: whether each of 8 × 8 places is brighter than its neighbour.

    (dHash, N. Krawetz 2013.) None for a picture without contrast, where noise decides.
    """
    grey = image.convert("L")
    if _percentile(grey, 95) - _percentile(grey, 5) < _PICTURE_CONTRAST:
        return None
    pixels = grey.resize((9, 8), Image.Resampling.BOX).tobytes()
    rows = [pixels[at : at + 9] for at in range(0, 72, 9)]
    bits = [row[at] > row[at + 1] for row in rows for at in range(8)]
    return f"{sum(bit << at for at, bit in enumerate(bits)):016x}"


def surrounding_colours(image: Image.Image) -> list[int]:
    """Return how often each of 64 colours is, in 255ths, along the top and both sides.

    The subject is mostly in the middle and goes on below.
    """
    width, height = image.size
    margin_x, margin_y = max(1, width // 6), max(1, height // 6)
    around = Image.new("L", image.size, 255)
    around.paste(0, (margin_x, margin_y, width - margin_x, height))
    coarse = image.quantize(palette=_palette(), dither=Image.Dither.NONE)
    counts = coarse.histogram(around)[:64]
    total = sum(counts) or 1
    return [round(255 * count / total) for count in counts]


def _palette() -> Image.Image:
    palette = Image.new("P", (1, 1))
    levels = (32, 96, 160, 224)
    palette.putpalette(
        [value for r in levels for g in levels for b in levels for value in (r, g, b)]
    )
    return palette


def grey_end(image: Image.Image, small: Image.Image) -> float:
    """Return how much of the photo, from one edge on, is the even grey of a file that was cut off.

    Any edge: the photo may have been turned since.
    """
    is_grey = ImageChops.darker(*(_near_grey(band) for band in small.split()[:2]))
    is_grey = ImageChops.darker(is_grey, _near_grey(small.getchannel(2)))
    width, height = small.size
    rows = is_grey.resize((1, height), Image.Resampling.BOX).tobytes()
    columns = is_grey.resize((width, 1), Image.Resampling.BOX).tobytes()
    ends = {
        "bottom": _run(rows[::-1]) / height,
        "top": _run(rows) / height,
        "right": _run(columns[::-1]) / width,
        "left": _run(columns) / width,
    }
    edge, share = max(ends.items(), key=lambda end: end[1])
    return share if share and _is_even(image, edge, share) else 0.0


def _near_grey(band: Image.Image) -> Image.Image:
    return band.point([255 if abs(value - _FILLING) <= 6 else 0 for value in range(256)])


def _run(values: bytes) -> int:
    return next((at for at, value in enumerate(values) if value < 255), len(values))


def _is_even(image: Image.Image, edge: str, share: float) -> bool:
    """Whether that end is of one colour: a wall or a studio's grey paper never is."""
    width, height = image.size
    # Resampling smears the last rows into the picture, so they are left out.
    wide, high = max(1, int(width * share) - 4), max(1, int(height * share) - 4)
    box = {
        "bottom": (0, height - high, width, height),
        "top": (0, 0, width, high),
        "right": (width - wide, 0, width, height),
        "left": (0, 0, wide, height),
    }[edge]
    return all(high - low <= 2 for low, high in image.crop(box).getextrema())  # type: ignore[misc]


def _faces(image: Image.Image) -> list[dict[str, Any]] | None:
    found = faces.find(_resized(image, faces.SIDE))
    return None if found is None else [_face(image, face) for face in found[:_MOST_FACES]]


def _face(image: Image.Image, face: faces.Face) -> dict[str, Any]:
    """Return a face with its own light and sharpness, which are not those of the whole photo."""
    width, height = image.size
    left, top = max(0.0, face.x), max(0.0, face.y)
    right, bottom = min(1.0, face.x + face.width), min(1.0, face.y + face.height)
    box = (int(left * width), int(top * height), int(right * width), int(bottom * height))
    crop = image.crop(box) if box[2] > box[0] and box[3] > box[1] else None
    return {
        "x": round(left, 4),
        "y": round(top, 4),
        "width": round(right - left, 4),
        "height": round(bottom - top, 4),
        "score": face.score,
        "turn": round(face.turn, 2),
        "light": round(ImageStat.Stat(crop.convert("L")).mean[0]) if crop else None,
        "sharpness": sharpness(crop) if crop else None,
    }


def _reduced(image: Image.Image, side: int) -> Image.Image:
    factor = max(1, round(max(image.size) / side))
    return image.reduce(factor) if factor > 1 else image


def _resized(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with its long side at most `side`."""
    factor = min(1.0, side / max(image.size))
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    # Divided by a whole number first, which is three times as fast.
    return image.resize(size, Image.Resampling.BOX, reducing_gap=1.0)
