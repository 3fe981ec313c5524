"""How far a training is, read from the text that it logs. Nobody documents that text.

Progress bars (tqdm) and "step 120/1000" are known. Other bars run before the training: loading
photos, downloading a model. The bar with the most steps is the training's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_BAR = re.compile(r"\d+%\s*\|[^|]*\|\s*(\d+)/(\d+)")
_STEP = re.compile(r"\bsteps?\b\D{0,12}?(\d+)\s*(?:/|of)\s*(\d+)", re.IGNORECASE)
_LOSS = re.compile(r"\bloss\s*[:=]\s*(\d+(?:\.\d*)?(?:e[+-]?\d+)?)", re.IGNORECASE)
_MOST_STEPS = 2**31 - 1
LONGEST_LINE = 2000


def progress(lines: Iterable[str], total: int | None = None) -> tuple[int | None, int | None]:
    """Return (step, total steps) of the last line that tells; (None, None) where none does.

    `total` is how many steps were asked for, where that is known: then only its bar counts.
    """
    found: tuple[int, int] | None = None
    for step, of in _steps(lines):
        if total is not None and of != total:
            continue
        if found is None or of >= found[1]:
            found = step, of
    return found or (None, None)


def losses(lines: Iterable[str], total: int | None = None) -> tuple[tuple[int, float], ...]:
    """Return (step, loss) pairs in step order, the last of each step."""
    points: dict[int, float] = {}
    for line in lines:
        steps = [step for step, of in _steps([line]) if total is None or of == total]
        if steps and (loss := _LOSS.search(line[:LONGEST_LINE])):
            points[steps[-1]] = float(loss[1])
    return tuple(sorted(points.items()))


def _steps(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    for line in lines:
        for pattern in (_BAR, _STEP):
            for match in pattern.finditer(line[:LONGEST_LINE]):
                step, of = int(match[1][:12]), int(match[2][:12])
                if 0 < of <= _MOST_STEPS and step <= of:
                    yield step, of
