"""The measures of a photo as they are read back from its row: whatever is there, nothing raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

# What `measuring.measure` writes. Another number means: measure again.
VERSION = 1
_COLOURS = 64
_MOST_FACES = 8
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Face:
    """A face; sides in fractions of the photo's, `score` of 100, light of 255.

    `turn` is that of `faces.Face`.
    """

    width: float
    height: float
    score: float
    turn: float
    light: float | None
    sharpness: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of a photo; None for what is not. `faces` is None where nobody looked."""

    sharpness: float | None = None
    middle: float | None = None
    bright: float | None = None
    white: float | None = None
    hash: int | None = None
    colours: tuple[float, ...] | None = None
    grey_end: float | None = None
    faces: tuple[Face, ...] | None = None


def is_current(stored: object) -> bool:
    """Whether the measures in a row need not be taken again."""
    return isinstance(stored, Mapping) and stored.get("version") == VERSION


def read(stored: object) -> Measures | None:
    """Return the measures in a row; None where there are none, or those of another version."""
    if not isinstance(stored, Mapping) or not is_current(stored):
        return None
    light = stored.get("light")
    light = light if isinstance(light, Mapping) else {}
    return Measures(
        sharpness=_number(stored.get("sharpness"), 0, 1),
        middle=_number(light.get("middle"), 0, 255),
        bright=_number(light.get("bright"), 0, 255),
        white=_number(light.get("white"), 0, 1),
        hash=_hash(stored.get("hash")),
        colours=_colours(stored.get("colours")),
        grey_end=_number(stored.get("grey_end"), 0, 1),
        faces=_faces(stored.get("faces")),
    )


def _number(value: object, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if low <= value <= high else None  # neither of which NaN is


def _hash(value: object) -> int | None:
    try:
        return int(value, 16) % 2**64 if isinstance(value, str) and len(value) == 16 else None
    except ValueError:
        return None


def _colours(value: object) -> tuple[float, ...] | None:
    numbers = _each(value, lambda one: _number(one, 0, 255))
    return numbers if numbers is not None and len(numbers) == _COLOURS else None


def _faces(value: object) -> tuple[Face, ...] | None:
    faces = _each(value, _face)
    return faces[:_MOST_FACES] if faces is not None else None


def _face(value: object) -> Face | None:
    if not isinstance(value, Mapping):
        return None
    width, height = (_number(value.get(name), 0, 1) for name in ("width", "height"))
    score, turn = _number(value.get("score"), 0, 100), _number(value.get("turn"), -9, 9)
    if width is None or height is None or score is None:
        return None
    light, sharpness = _number(value.get("light"), 0, 255), _number(value.get("sharpness"), 0, 1)
    return Face(width, height, score, turn or 0.0, light, sharpness)


def _each(value: object, reading: Callable[[object], _Read | None]) -> tuple[_Read, ...] | None:
    """Return what can be read of a list; None for anything else."""
    if not isinstance(value, list):
        return None
    return tuple(read for one in value if (read := reading(one)) is not None)
