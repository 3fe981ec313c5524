"""What is said of single photos: which notes each of a set gets. Pure functions over measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from models_app.coach import thresholds as at
from models_app.coach.measures import Face, Measures
from models_app.models import Subject


@dataclass(frozen=True, slots=True)
class Measured:
    """A photo of a set: who it is, its sides in pixels, and what is known of it (None: nothing)."""

    id: UUID
    name: str
    width: int
    height: int
    measures: Measures | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about a photo: a code of `texts`, and the photo that it is like, if any."""

    code: str
    twin: Measured | None = None


def notes_of(photos: Sequence[Measured], kind: str) -> dict[UUID, list[Note]]:
    """Return the notes of every photo, the gravest first. `photos` come in order of arrival.

    Of two that are alike the later one is told.
    """
    twins = _twins(photos)
    return {
        photo.id: [Note(code) for code in _flaws(photo, kind)]
        + [Note("twin", twin) for twin in twins.get(photo.id, ())]
        for photo in photos
    }


def main_faces(measures: Measures) -> list[Face] | None:
    """Return the faces that count, the largest first; None where nobody looked for any."""
    if measures.faces is None:
        return None
    sure = [face for face in measures.faces if face.score >= at.FACE_SCORE]
    sure.sort(key=lambda face: -face.height)
    return [face for face in sure if face.height >= at.OTHER_FACE * sure[0].height]


def _flaws(photo: Measured, kind: str) -> Iterator[str]:
    measures = photo.measures
    faces = main_faces(measures) or [] if measures else []
    if photo.width * photo.height < at.LEAST_PIXELS:
        yield "small"
    if measures is None:
        return
    if (measures.grey_end or 0) >= at.LEAST_GREY_END:
        yield "cut_off"
    is_of_person = kind == Subject.PERSON
    if _below(measures.sharpness, at.LEAST_SHARPNESS):
        yield "blurred"
    elif is_of_person and faces and _is_out_of_focus(photo, faces[0]):
        yield "face_blurred"
    if kind != Subject.STYLE:  # where it is part of what is learned
        yield from _light_flaws(measures, kind, faces if is_of_person else [])
    if is_of_person:
        yield from _face_flaws(photo, main_faces(measures))


def _light_flaws(measures: Measures, kind: str, faces: list[Face]) -> Iterator[str]:
    """Yield what is wrong with the light, of the face where there is one."""
    face = faces[0].light if faces else None
    if _below(measures.bright, at.LEAST_BRIGHT) or _below(face, at.LEAST_FACE_LIGHT):
        yield "dark"
    elif _below(at.MOST_FACE_LIGHT, face) if faces else _is_burnt_out(measures, kind):
        yield "bright"


def _is_burnt_out(measures: Measures, kind: str) -> bool:
    is_on_white = kind == Subject.PRODUCT and _white_around(measures) >= at.WHITE_AROUND
    return _below(at.MOST_WHITE_ON_WHITE if is_on_white else at.MOST_WHITE, measures.white)


def _white_around(measures: Measures) -> float:
    colours = measures.colours or (0.0,)
    return colours[-1] / (sum(colours) or 1)  # the last colour is white


def _face_flaws(photo: Measured, faces: list[Face] | None) -> Iterator[str]:
    if faces is None:
        return
    if not faces:
        yield "no_face"
    elif len(faces) > 1:
        yield "several_faces"
    elif faces[0].height * photo.height < at.LEAST_FACE * max(photo.width, photo.height):
        yield "tiny_face"


def _is_out_of_focus(photo: Measured, face: Face) -> bool:
    if face.height * photo.height < at.FACE_SIDE_TO_JUDGE * max(photo.width, photo.height):
        return False
    return _below(face.sharpness, at.LEAST_FACE_SHARPNESS)


def _below(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value < limit


def _twins(photos: Sequence[Measured]) -> dict[UUID, list[Measured]]:
    """Return for each photo that is almost the same as an earlier one that one, in a list."""
    found: dict[UUID, list[Measured]] = {}
    earlier: list[tuple[int, Measured]] = []
    for photo in photos:
        hash_ = photo.measures.hash if photo.measures else None
        if hash_ is None or not _says_something(hash_):
            continue
        twin = next(_alike(hash_, earlier), None)
        if twin:
            found[photo.id] = [twin]
        else:
            earlier.append((hash_, photo))
    return found


def _alike(hash_: int, earlier: Iterable[tuple[int, Measured]]) -> Iterator[Measured]:
    return (other for one, other in earlier if (hash_ ^ one).bit_count() <= at.TWIN_BITS)


def _says_something(hash_: int) -> bool:
    return at.LEAST_HASH_BITS <= hash_.bit_count() <= 64 - at.LEAST_HASH_BITS
