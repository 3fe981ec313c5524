"""The aspect ratios that a picture can be requested in."""

from __future__ import annotations

from collections.abc import Mapping

# Label → width and height in pixels: about one megapixel, multiples of 8, 256 to 1920, as
# the providers' image APIs require (read 2026-11).
RATIOS: Mapping[str, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "4:5": (896, 1120),
    "2:3": (832, 1248),
    "9:16": (768, 1344),
    "3:2": (1248, 832),
    "16:9": (1344, 768),
}
DEFAULT_RATIO = "1:1"
