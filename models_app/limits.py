"""The limits of a photo and of a set of photos.

Pages, forms, the API and the ingest all read `LIMITS`, so that the same numbers apply everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

_MEBIBYTE = 1024 * 1024
_MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A format as people know it: its name, its media types, and endings of its files' names."""

    name: str
    types: tuple[str, ...]
    endings: tuple[str, ...]


# Names and types are for people and browsers; what a file is, its content tells (`formats.py`).
KINDS = (
    Kind("JPEG", ("image/jpeg",), (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")),
    Kind("HEIC", ("image/heic", "image/heif"), (".heic", ".heif", ".hif")),
    Kind("AVIF", ("image/avif",), (".avif",)),
    Kind("PNG", ("image/png",), (".png",)),
    Kind("WebP", ("image/webp",), (".webp",)),
    Kind("TIFF", ("image/tiff",), (".tif", ".tiff")),
    Kind("BMP", ("image/bmp",), (".bmp", ".dib")),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, sides in pixels; the ratio is long side over short side."""

    min_photos: int = 4
    recommended_min: int = 5
    recommended_max: int = 20
    max_photos: int = 50
    # The largest that phones write: 200 megapixels in JPEG.
    max_bytes: int = 80 * _MEBIBYTE
    # What the largest sensors of phones make. Such a JPEG is decoded at a fraction of its size, a
    # HEIC tile by tile.
    max_pixels: int = 200 * _MEGAPIXEL
    # PNG and WebP cannot be: they take 4 and, in libwebp's three copies and ours, 16 bytes a pixel.
    max_pixels_png: int = 50 * _MEGAPIXEL
    max_pixels_webp: int = 16 * _MEGAPIXEL
    # Of a picture that a provider has made: twice the sides of the largest that is asked for.
    max_pixels_made: int = 4096 * 4096
    # Notes, previews and colour profiles inside the file. Some phones keep a depth map there.
    max_metadata_bytes: int = 16 * _MEBIBYTE
    # Below this there is nothing to learn from, whatever the trainer's resolution.
    min_side: int = 256
    # Trainers crop to their own ratios, which would leave almost nothing of a panorama.
    max_ratio: float = 4.0
    # What trainers learn at by default: anything smaller is enlarged there and shows less.
    recommended_side: int = 1024
    # Twice the largest training resolution: enough to crop from, small enough to send.
    stored_side: int = 2048
    thumbnail_side: int = 512
    max_caption: int = 500
    # Where the text encoder with the shortest memory stops: CLIP's 77 tokens.
    long_caption: int = 300
    formats: tuple[str, ...] = tuple(kind.name for kind in KINDS)

    def is_too_small(self, width: int, height: int) -> bool:
        """Whether a photo, or a part of one, has too few pixels to be trained on."""
        return min(width, height) < self.min_side

    def is_too_narrow(self, width: int, height: int) -> bool:
        """Whether a photo, or a part of one, is too far from a square to be trained on."""
        return max(width, height) > min(width, height) * self.max_ratio

    def is_below_recommended(self, width: int, height: int) -> bool:
        """Whether a photo, or a part of one, can be trained on but shows less than trainers see."""
        return min(width, height) < self.recommended_side

    @property
    def formats_text(self) -> str:
        """The formats for a sentence: “JPEG, PNG or WebP”."""
        parts = {"first": ", ".join(self.formats[:-1]), "last": self.formats[-1]}
        return _("%(first)s or %(last)s") % parts

    @property
    def size_text(self) -> str:
        """The largest file for a sentence: “80 MB”."""
        return _("%(size)d MB") % {"size": self.max_bytes // _MEBIBYTE}

    @property
    def count_text(self) -> str:
        """The recommended number of photos for a sentence: “5 to 20 photos”."""
        range_ = {"low": self.recommended_min, "high": self.recommended_max}
        return _("%(low)d to %(high)d photos") % range_

    @property
    def accept(self) -> str:
        """The `accept` attribute of the file input: types, and endings for systems that know none.

        Where HEIC is missing, an iPhone converts its photos before it sends them.
        """
        types = [name for kind in KINDS for name in kind.types]
        return ",".join([*types, *(ending for kind in KINDS for ending in kind.endings)])


@dataclass(frozen=True, slots=True)
class Structure:
    """How many parts a file may be made of: far more than any camera or program writes."""

    # PNG encoders cut pixels into pieces of 8 kB, so 80 MB make 10,240.
    pixel_parts: int = 12_000
    # A JPEG's colour profile comes in at most 255 (ICC.1, B.4); the depth map and second picture
    # of a phone's portrait in 64 kB each, so that `max_metadata_bytes` are about 260.
    other_parts: int = 2_000
    # Between them, where programs leave fill bytes and remains of what they took out.
    gap_bytes: int = 256 * 1024
    # Encoders write about ten; some unusual ones a hundred.
    scans: int = 200
    # Each scan is a pass over the picture: scans × pixels. Fourteen over 50 megapixels fit.
    scan_pixels: int = 700 * _MEGAPIXEL


@dataclass(frozen=True, slots=True)
class Decoding:
    """What opening photos may take: bytes, and seconds by the clock.

    The processor's seconds are the setting PHOTO_SECONDS: they depend on the machine.
    """

    # Of all photos that are being opened together, so also of a single one.
    memory: int = 264 * _MEBIBYTE
    # What a process needs besides: the interpreter's own, the stacks of a few threads, what
    # allocators waste on large pages, and what is needed to measure a photo.
    spare_memory: int = 24 * _MEBIBYTE
    at_once: int = 2
    clock_seconds: float = 30.0
    # How many times as long the largest photos may take.
    most_patience: float = 2.0
    wait_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Sets:
    """What a folder or an archive of photos may hold, captions and litter included."""

    max_members: int = 2_000
    # Deeper than anybody sorts photos.
    max_depth: int = 20
    # The table of an archive, where a member takes about 150 bytes.
    max_directory_bytes: int = 4 * _MEBIBYTE
    # All that comes out of one archive: as much as a full set of the largest photos.
    max_unpacked_bytes: int = 50 * 50 * _MEBIBYTE
    # How many times larger a member may become: no photo packs so well, bombs do.
    max_packing: int = 100
    packing_from_bytes: int = _MEBIBYTE
    max_caption_bytes: int = 16 * 1024


@dataclass(frozen=True, slots=True)
class Partial:
    """Files that arrive in parts, so that a lost connection costs the last part only."""

    # Smaller ones travel in a single request, which is sent again as a whole.
    from_bytes: int = 4 * _MEBIBYTE
    # How long what has arrived waits for the rest: a night, and the way to work.
    keep: timedelta = timedelta(days=1)
    # A page sends three at a time; the others were left by pages that are closed.
    most_per_person: int = 30
    # What has to be left on the disk beside a file, for everything else.
    spare_bytes: int = 256 * _MEBIBYTE


@dataclass(frozen=True, slots=True)
class Fetching:
    """ZIPs that are fetched from addresses that people name; the size is that of an upload."""

    # Of the installation, as each holds a thread of the worker's; of one person, one.
    at_once: int = 2
    most_per_person: int = 10  # that wait or are under way
    seconds: float = 600.0
    stall: float = 30.0
    # How often it is asked for again where its server is away, and how long after.
    tries: int = 3
    wait: timedelta = timedelta(seconds=20)
    # How often it is taken up at all: one that kills its workers ends.
    most_attempts: int = 5
    # Longer than anything that does not renew it: a stall, opening the largest photo.
    lease: timedelta = timedelta(seconds=150)
    keep: timedelta = timedelta(days=1)


FETCHING = Fetching()
LIMITS = Limits()
PARTIAL = Partial()
SETS = Sets()
STRUCTURE = Structure()
DECODING = Decoding()
