"""QR codes as a path for inline SVG: dark modules on a light ground, with the quiet zone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET = 4  # modules of light around the code (ISO/IEC 18004, 6.3.8)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of `size` by `size` modules, quiet zone included; `path` draws the dark ones."""

    size: int
    path: str


def code_of(text: str) -> Code:
    """Return the smallest code that holds `text`."""
    made: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    made.add_data(text)
    made.make(fit=True)
    rows: list[list[bool]] = made.get_matrix()
    return Code(len(rows), "".join(_row(at, row) for at, row in enumerate(rows)))


def _row(at: int, row: list[bool]) -> str:
    drawn, x = "", 0
    for is_dark, group in groupby(row):
        width = len(list(group))
        drawn += f"M{x} {at}h{width}v1h-{width}z" if is_dark else ""
        x += width
    return drawn
