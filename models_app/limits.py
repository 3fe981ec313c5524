"""The limits of a photo and of a set of photos.

Pages, forms, the API and the ingest all read `LIMITS`, so that the same numbers apply everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

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
    # Trainers crop to their own ratios, which would leave almost nothing of a panorama.
    max_ratio: float = 4.0
    # Twice the largest training resolution: enough to crop from, small enough to send.
    stored_side: int = 2048
    thumbnail_side: int = 512
    max_caption: int = 500
    formats: tuple[str, ...] = ("JPEG", "PNG", "WebP")

    @property
    def formats_text(self) -> str:
        """The formats for a sentence: “JPEG, PNG or WebP”."""
        parts = {"first": ", ".join(self.formats[:-1]), "last": self.formats[-1]}
        return _("%(first)s or %(last)s") % parts

    @property
    def size_text(self) -> str:
        """The largest file for a sentence: “50 MB”."""
        return _("%(size)d MB") % {"size": self.max_bytes // _MEBIBYTE}

    @property
    def count_text(self) -> str:
        """The recommended number of photos for a sentence: “5 to 20 photos”."""
        range_ = {"low": self.recommended_min, "high": self.recommended_max}
        return _("%(low)d to %(high)d photos") % range_

    @property
    def accept(self) -> str:
        """The `accept` attribute of the file input.

        HEIC is missing on purpose: an iPhone then converts to JPEG by itself.
        """
        types = [f"image/{name.lower()}" for name in self.formats]
        return ",".join([*types, ".jpg", ".jpeg", ".png", ".webp"])


LIMITS = Limits()
