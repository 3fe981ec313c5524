"""Puts a picture together from bands of rows, smaller by a whole factor, so that the whole of it
is never in memory at its full size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PIL import Image

STRIP_ROWS = 16


def reduced(bands: Iterable[Image.Image], width: int, height: int, factor: int) -> Image.Image:
    """Return the picture, its sides divided by `factor`. Raises ValueError if rows are missing."""
    whole: Image.Image | None = None
    done = 0
    for band in _multiples(bands, factor):
        rows = band.reduce(factor) if factor > 1 else band
        if whole is None:
            whole = Image.new(rows.mode, (-(-width // factor), -(-height // factor)))
        whole.paste(rows, (0, done // factor))
        done += band.height
        del band, rows  # the next one is made meanwhile
    if whole is None or done != height:
        raise ValueError("the bands are not the picture")
    return whole


def _multiples(bands: Iterable[Image.Image], factor: int) -> Iterator[Image.Image]:
    """Yield the same rows, in bands whose heights are multiples of `factor` but for the last."""
    left: Image.Image | None = None
    for band in bands:
        joined = _joined(left, band)
        rows = joined.height // factor * factor
        left = joined.crop((0, rows, *joined.size)) if rows < joined.height else None
        whole = joined if left is None else joined.crop((0, 0, joined.width, rows))
        del band, joined
        if rows:
            yield whole
        del whole
    if left is not None:
        yield left


def _joined(above: Image.Image | None, below: Image.Image) -> Image.Image:
    if above is None:
        return below
    joined = Image.new(below.mode, (below.width, above.height + below.height))
    joined.paste(above)
    joined.paste(below, (0, above.height))
    return joined


def strips(image: Image.Image, rows: int) -> Iterator[Image.Image]:
    """Yield a whole picture in bands of `rows`."""
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))
