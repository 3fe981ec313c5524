"""How far stored colours are from what a photo's profile says, as CIE ΔE 1976 and 2000.

    python -m bench.colours

Every case is a chart of patches in another space, saved as a phone, camera or printer would, taken
in as the site does, and compared patch by patch. What is right is computed here in floating point,
from the published definitions of the spaces, without any colour management library; for inks, from
the table in the profile itself. Colours outside sRGB are left out: it cannot hold them.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

FOLDER = tempfile.TemporaryDirectory(prefix="theway-bench-")  # goes with the process
os.environ |= {"DJANGO_SETTINGS_MODULE": "theway.settings", "THEWAY_DATA_DIR": FOLDER.name}

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from bench import inks  # noqa: E402
from bench.colour_maths import (  # noqa: E402
    ADOBE_RGB,
    DISPLAY_P3,
    SRGB,
    Array,
    delta_e_1976,
    delta_e_2000,
    lab_of,
    srgb_linear,
    to_xyz,
    xyz_to_linear_srgb,
)
from models_app.ingest import normalise  # noqa: E402
from tests.models_app import heif_files, photographs  # noqa: E402

SIDE = 32  # pixels of a patch
COLUMNS = 16
GOAL = 1.0


@dataclass(frozen=True)
class Case:
    """A name, the patches' numbers, what encodes them, and their true XYZ (D65)."""

    name: str
    values: Array
    encode: Callable[[Image.Image], bytes]
    truth: Callable[[Array], Array]
    mode: str = "RGB"


def patches(channels: int) -> Array:
    levels = (
        np.array([16, 64, 112, 160, 208, 255]) if channels == 3 else np.array([0, 70, 150, 230])
    )
    return np.stack(np.meshgrid(*[levels] * channels), -1).reshape(-1, channels).astype(np.uint8)


def chart(values: Array, mode: str) -> Image.Image:
    rows = -(-len(values) // COLUMNS)
    filled = np.resize(values, (rows * COLUMNS, values.shape[1])).reshape(rows, COLUMNS, -1)
    return Image.fromarray(filled.repeat(SIDE, 0).repeat(SIDE, 1), mode)


def stored_lab(data: bytes, count: int) -> Array:
    """Return the Lab of the stored patches, from their inner pixels."""
    image = photographs.opened(normalise(io.BytesIO(data)).data)
    pixels = np.asarray(image, dtype=float).reshape(image.height // SIDE, SIDE, COLUMNS, SIDE, 3)
    inner = pixels[:, 8:-8, :, 8:-8].mean((1, 3)).reshape(-1, 3)[:count]
    return lab_of(to_xyz(srgb_linear(inner / 255), SRGB))


def fits(xyz: Array) -> Array:
    linear = xyz_to_linear_srgb(xyz)
    return np.all((linear > -0.001) & (linear < 1.001), -1)


def measured(case: Case) -> tuple[float, float]:
    """Print the mean and the worst of a case; return its two means."""
    truth = case.truth(case.values)
    inside = fits(truth)
    stored = stored_lab(case.encode(chart(case.values, case.mode)), len(case.values))
    right, found = lab_of(truth)[inside], stored[inside]
    old, new = delta_e_1976(right, found), delta_e_2000(right, found)
    print(
        f"{case.name:30} {inside.sum():4} patches  ΔE76 mean {old.mean():.2f}, worst "
        f"{old.max():.2f}  ΔE2000 mean {new.mean():.2f}, worst {new.max():.2f}",
        flush=True,
    )
    return float(old.mean()), float(new.mean())


def saved(name: str, **options: object) -> Callable[[Image.Image], bytes]:
    return lambda image: photographs.encoded(image, name, **options).getvalue()


def in_srgb(values: Array) -> Array:
    return to_xyz(srgb_linear(values / 255), SRGB)


def in_p3(values: Array) -> Array:
    return to_xyz(srgb_linear(values / 255), DISPLAY_P3)


def in_adobe(values: Array) -> Array:
    return to_xyz((values / 255.0) ** (563 / 256), ADOBE_RGB)


def heic_by_numbers(image: Image.Image) -> bytes:
    p3 = heif_files.colours(12, 13)
    return heif_files.file([heif_files.coded(image, p3, quality=100, chroma=444)])


def cases() -> list[Case]:
    p3 = {"icc_profile": photographs.display_p3()}
    adobe = {"icc_profile": photographs.adobe_rgb()}
    printed = {"icc_profile": inks.profile()}
    named = {"exif": photographs.exif_adobe_rgb()}
    rgb, cmyk = patches(3), patches(4)
    jpeg, avif = {"quality": 98, "subsampling": 0}, {"quality": 100, "subsampling": "4:4:4"}
    heic = {"quality": 100, "chroma": 444}
    return [
        Case("sRGB, no profile, JPEG", rgb, saved("JPEG", **jpeg), in_srgb),
        Case("Display P3, JPEG", rgb, saved("JPEG", **p3, **jpeg), in_p3),
        Case("Display P3, PNG", rgb, saved("PNG", **p3), in_p3),
        Case("Display P3, TIFF", rgb, saved("TIFF", **p3), in_p3),
        Case("Display P3, HEIC", rgb, saved("HEIF", **p3, **heic), in_p3),
        Case("Display P3 by numbers, HEIC", rgb, heic_by_numbers, in_p3),
        Case("Display P3, AVIF", rgb, saved("AVIF", **p3, **avif), in_p3),
        Case("Display P3, WebP", rgb, saved("WEBP", lossless=True, **p3), in_p3),
        Case("Adobe RGB, JPEG", rgb, saved("JPEG", **adobe, **jpeg), in_adobe),
        Case("Adobe RGB, TIFF", rgb, saved("TIFF", **adobe), in_adobe),
        Case("Adobe RGB named in EXIF, JPEG", rgb, saved("JPEG", **named, **jpeg), in_adobe),
        Case("inks, TIFF", cmyk, saved("TIFF", **printed), inks.xyz, "CMYK"),
        Case("inks, JPEG", cmyk, saved("JPEG", **printed, **jpeg), inks.xyz, "CMYK"),
    ]


def main() -> None:
    means = [measured(case) for case in cases()]
    worst = max(new for _, new in means), max(old for old, _ in means)
    print(f"\nThe worst mean: ΔE2000 {worst[0]:.2f}, ΔE76 {worst[1]:.2f} (goal: below {GOAL:g})")


if __name__ == "__main__":
    main()
