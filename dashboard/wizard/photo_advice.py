"""The coach on the photos step: a score and how it comes about, notes, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from models_app.coach import texts
from models_app.coach.measures import read
from models_app.coach.notes import Measured
from models_app.coach.sets import Verdict, judge
from models_app.limits import LIMITS
from models_app.models import Subject, TrainingImage
from training.selectors import photos_missing_text

_TIPS: Mapping[str, tuple[Promise, ...]] = {
    Subject.PERSON: (
        gettext_lazy("Only this person in the picture, with a sharp, uncovered face."),
        gettext_lazy("Mostly head and shoulders, plus two or three of the whole body."),
        gettext_lazy("Different days, rooms, clothes, light and expressions."),
        gettext_lazy("No filters, sunglasses or screenshots."),
    ),
    Subject.PRODUCT: (
        gettext_lazy("Mostly the whole product, filling about half of the picture."),
        gettext_lazy("From the front, both sides, the back and above."),
        gettext_lazy("Different backgrounds, so that they aren't learned too."),
        gettext_lazy("Even light, with no text or price tags on top."),
    ),
    Subject.STYLE: (
        gettext_lazy("Many different subjects, all in the same style."),
        gettext_lazy("No frames, signatures or watermarks: they would be learned too."),
        gettext_lazy("Whole works rather than details."),
    ),
}
_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the score: what for, and whether the set has it (None: not known yet)."""

    text: str
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Group:
    """Photos with the same note: how many there are, what to do, the first few, how many more."""

    title: str
    advice: str
    photos: Sequence[Measured]
    more: int


@dataclass(frozen=True, slots=True)
class PhotoAdvice:
    """The panel. `text` is about the number of photos; `lines` are for single photos, by id.

    Without a photo there is no score: `total` is 0.
    """

    count: int
    text: str
    words: str
    score: int
    total: int
    tone: str
    points: Sequence[Point]
    lacks: Sequence[str]
    groups: Sequence[Group]
    waiting: str
    tips: tuple[Promise, ...]
    lines: Mapping[UUID, Sequence[str]]


def photo_advice(photos: Iterable[TrainingImage], kind: str) -> PhotoAdvice:
    """Return the advice on the photos of a `kind` of subject."""
    measured = [_measured(photo) for photo in sorted(photos, key=lambda photo: photo.created_at)]
    verdict = judge(measured, kind)
    return PhotoAdvice(
        count=verdict.count,
        text=_number_text(verdict.count),
        words=texts.score_words(verdict),
        score=verdict.score,
        total=verdict.total if verdict.count else 0,
        tone="good" if verdict.score >= verdict.total - 1 else "accent",
        points=[Point(texts.point_text(*point), met) for *point, met in _points(verdict, kind)],
        lacks=[texts.lack_text(lack, kind) for lack in verdict.lacks],
        groups=list(_groups(measured, verdict)),
        waiting=texts.waiting_text(verdict.waiting) if verdict.waiting else "",
        tips=_TIPS[kind],
        lines={photo: [*map(texts.note_text, notes)] for photo, notes in verdict.notes.items()},
    )


def _measured(photo: TrainingImage) -> Measured:
    measures = read(photo.measures)
    return Measured(photo.pk, photo.original_filename, *photo.trained_size, measures)


def _points(verdict: Verdict, kind: str) -> Iterator[tuple[str, str, bool | None]]:
    return ((code, kind, is_met) for code, is_met in verdict.points.items())


def _groups(photos: Sequence[Measured], verdict: Verdict) -> Iterator[Group]:
    """Yield the notes by their kind, those of most photos first."""
    by_code: dict[str, list[Measured]] = {}
    for photo in photos:
        for note in verdict.notes[photo.id]:
            by_code.setdefault(note.code, []).append(photo)
    for code, noted in sorted(by_code.items(), key=lambda group: -len(group[1])):
        more = max(0, len(noted) - _NAMES_SHOWN)
        yield Group(*texts.group_texts(code, len(noted)), noted[:_NAMES_SHOWN], more)


def _number_text(count: int) -> str:
    if count == 0:
        return _("Aim for %(photos)s.") % {"photos": LIMITS.count_text}
    if count < LIMITS.min_photos:
        return photos_missing_text(count)
    if count < LIMITS.recommended_min:
        return _("Just enough. One or two more make a real difference.")
    if count < LIMITS.recommended_max // 2:
        return _("A good start. A few more, as different as possible, help.")
    if count <= LIMITS.recommended_max:
        return _("A good number. You have what you need.")
    if count < LIMITS.max_photos:
        return _("Plenty. More will hardly help, and you can remove similar ones.")
    return _("Full. This is the most a model can have.")
