"""What is said of a set of photos: the points it has, and what it lacks. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from uuid import UUID

from models_app.coach import thresholds as at
from models_app.coach.measures import Face, Measures
from models_app.coach.notes import Measured, Note, main_faces, notes_of
from models_app.limits import LIMITS
from models_app.models import Subject

_OF_FACES = frozenset({"no_face", "several_faces", "tiny_face"})


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that would make the set better: a code of `texts`, and how many photos of it."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The points of a set: code → whether it has it, None where that cannot be said yet.

    `waiting` photos are not measured yet, so nothing is said of them.
    """

    count: int
    points: Mapping[str, bool | None]
    lacks: tuple[Lack, ...]
    notes: Mapping[UUID, list[Note]]
    waiting: int

    @property
    def score(self) -> int:
        return sum(met is True for met in self.points.values())

    @property
    def total(self) -> int:
        return sum(met is not None for met in self.points.values())


def point_of(code: str) -> str:
    """Return the point of a set that notes of this code speak against."""
    if code in _OF_FACES:
        return "faces"
    return "different" if code == "twin" else "sound"


def judge(photos: Sequence[Measured], kind: str) -> Verdict:
    """Return what is to be said of the photos of a `kind` of subject, in order of arrival."""
    notes = notes_of(photos, kind)
    measured = [photo.measures for photo in photos if photo.measures]
    lacks = tuple(_lacks(measured, kind))
    points: dict[str, bool | None] = {
        "number": len(photos) >= LIMITS.recommended_max // 2,
        "sound": _mostly(measured, _flawed(notes, "sound")),
        "different": _mostly(measured, _flawed(notes, "different")),
    }
    if kind == Subject.PERSON:
        looked = [one for one in measured if one.faces is not None]
        points["faces"] = _mostly(looked, _flawed(notes, "faces"))
    is_enough = len(measured) >= at.VARIETY_FROM
    points["variety"] = not lacks if is_enough else None
    waiting = len(photos) - len(measured)
    return Verdict(len(photos), points, lacks, notes, waiting)


def _flawed(notes: Mapping[UUID, list[Note]], point: str) -> int:
    return sum(any(point_of(note.code) == point for note in one) for one in notes.values())


def _mostly(judged: Sequence[object], flawed: int) -> bool | None:
    return flawed <= at.MOST_FLAWED * len(judged) if judged else None


def _lacks(measured: Sequence[Measures], kind: str) -> Iterator[Lack]:
    """Yield what is missing, as far as it can be measured."""
    if len(measured) < at.VARIETY_FROM:
        return
    if kind == Subject.PERSON:
        yield from _missing_views([faces[0] for one in measured if (faces := main_faces(one))])
    if _is_one_scene(measured):
        yield Lack("scene", at.VIEWS_WANTED)
    if kind != Subject.STYLE and _is_one_light(measured):
        yield Lack("light", at.VIEWS_WANTED)


def _missing_views(faces: Sequence[Face]) -> Iterator[Lack]:
    if len(faces) < at.VARIETY_FROM:
        return  # their notes say what is wrong first
    there = {
        "side": sum(abs(face.turn) >= at.SIDE_VIEW_FROM for face in faces),
        "close": sum(face.height >= at.CLOSE_UP_FROM for face in faces),
        "body": sum(face.height < at.BODY_BELOW for face in faces),
    }
    for code, count in there.items():
        if count < at.VIEWS_WANTED:
            yield Lack(code, at.VIEWS_WANTED - count)


def _is_one_scene(measured: Sequence[Measures]) -> bool:
    around = [one.colours for one in measured if one.colours]
    if len(around) < at.VARIETY_FROM:
        return False
    return median(_in_common(*pair) for pair in combinations(around, 2)) >= at.ONE_SCENE


def _in_common(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(map(min, one, other)) / (min(sum(one), sum(other)) or 1)


def _is_one_light(measured: Sequence[Measures]) -> bool:
    middles = sorted(one.middle for one in measured if one.middle is not None)
    if len(middles) < at.VARIETY_FROM:
        return False
    # One photo that stands out is no variety, in whichever direction it does.
    return min(middles[-1] - middles[1], middles[-2] - middles[0]) < at.ONE_LIGHT
