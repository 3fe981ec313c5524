"""The one place that says what a photo and a set of photos may be.

Pages, forms, the API and the ingest all read `LIMITS`, so a person is told the same number
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

_MEBIBYTE = 1024 * 1024
_MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, sides in pixels; the ratio is long side over short side."""

    min_photos: int = 4
    recommended_min: int = 5
    recommended_max: int = 20
    max_photos: int = 50
    max_bytes: int = 50 * _MEBIBYTE
    # Above what phones make (108 megapixels). Measured: such a JPEG takes 0.4 GB to decode.
    max_pixels: int = 120 * _MEGAPIXEL
    # PNG and WebP cannot be decoded at a fraction of their size: 0.5 and 0.8 GB at this limit.
    max_pixels_decoded_whole: int = 50 * _MEGAPIXEL
    # Below this there is nothing to learn from, whatever the trainer's resolution.
    min_side: int = 256
    # Trainers crop to their own ratios: of a panorama almost nothing would be left.
    max_ratio: float = 4.0
    # Twice the largest training resolution: enough to crop from, small enough to send.
    stored_side: int = 2048
    thumbnail_side: int = 512
    max_caption: int = 500
    formats: tuple[str, ...] = ("JPEG", "PNG", "WebP")

    @property
    def formats_text(self) -> str:
        """The formats for a sentence: “JPEG, PNG or WebP”."""
        return f"{', '.join(self.formats[:-1])} or {self.formats[-1]}"

    @property
    def size_text(self) -> str:
        """The largest file for a sentence: “50 MB”."""
        return f"{self.max_bytes // _MEBIBYTE} MB"

    @property
    def count_text(self) -> str:
        """How many photos to give, for a sentence: “5 to 20 photos”."""
        return f"{self.recommended_min} to {self.recommended_max} photos"

    @property
    def accept(self) -> str:
        """The `accept` attribute of the file input.

        HEIC is absent on purpose: an iPhone then hands over JPEGs by itself.
        """
        types = [f"image/{name.lower()}" for name in self.formats]
        return ",".join([*types, ".jpg", ".jpeg", ".png", ".webp"])


LIMITS = Limits()
