"""The coach on the photos step: one list of what counts, which fills with ticks and findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from models_app.coach import texts
from models_app.coach.measures import read
from models_app.coach.notes import Measured
from models_app.coach.sets import Verdict, judge, point_of
from models_app.limits import LIMITS
from models_app.models import TrainingImage
from training.selectors import photos_missing_text

_NAMES_SHOWN = 3
_LINE = 52  # characters: about what two lines of the panel hold beside “1 more”


@dataclass(frozen=True, slots=True)
class Group:
    """Photos with the same note: how many there are, what to do, the first few, how many more."""

    title: str
    advice: str
    photos: Sequence[Measured]
    more: int


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the list: what counts, whether the set has it (None: not known yet), and what was
    found, before anything is known what to look for. `groups` and `lacks` are the details."""

    text: str
    is_met: bool | None
    found: str
    groups: Sequence[Group] = ()
    lacks: Sequence[str] = ()

    @property
    def has_details(self) -> bool:
        """Whether there is more to show than the line."""
        return bool(self.groups or len(self.lacks) > 1)


@dataclass(frozen=True, slots=True)
class PhotoAdvice:
    """The panel. `lines` are for single photos, by id."""

    count: int
    words: str
    score: int
    total: int
    tone: str
    points: Sequence[Point]
    waiting: str
    lines: Mapping[UUID, Sequence[str]]


def photo_advice(photos: Iterable[TrainingImage], kind: str) -> PhotoAdvice:
    """Return the advice on the photos of a `kind` of subject."""
    measured = [_measured(photo) for photo in sorted(photos, key=lambda photo: photo.created_at)]
    verdict = judge(measured, kind)
    return PhotoAdvice(
        count=verdict.count,
        words=texts.score_words(verdict) if verdict.count else _("What makes a good set"),
        score=verdict.score,
        total=verdict.total if verdict.count else len(verdict.points),
        tone="good" if verdict.score >= verdict.total - 1 else "accent",
        points=list(_points(measured, verdict, kind)),
        waiting=texts.waiting_text(verdict.waiting) if verdict.waiting else "",
        lines={photo: [*map(texts.note_text, notes)] for photo, notes in verdict.notes.items()},
    )


def _points(photos: Sequence[Measured], verdict: Verdict, kind: str) -> Iterator[Point]:
    groups = dict(_groups(photos, verdict))
    for code, is_met in verdict.points.items():
        if not verdict.count:
            is_met = None
        mine = [group for of, group in groups.items() if point_of(of) == code]
        lacks = [texts.lack_text(one, kind) for one in verdict.lacks] if code == "variety" else []
        found = _found(code, kind, verdict.count, is_met, [one.title for one in mine] + lacks)
        yield Point(texts.point_text(code, kind), is_met, found, mine, lacks)


def _found(code: str, kind: str, count: int, is_met: bool | None, titles: Sequence[str]) -> str:
    """Return the line below a point: what was found, or else what to look for."""
    if code == "number":
        is_short = 0 < count < LIMITS.min_photos
        return photos_missing_text(count) if is_short else texts.number_text(count)
    if titles:
        return _in_short(titles)
    return texts.found_text(code) if is_met else texts.tip_text(code, kind)


def _in_short(titles: Sequence[str]) -> str:
    """Return as many of the titles as two lines hold, and how many more there are."""
    shown = [titles[0]]
    for title in titles[1:]:
        if len(" · ".join([*shown, title])) > _LINE:
            break
        shown.append(title)
    more = len(titles) - len(shown)
    return " · ".join([*shown, _("%d more") % more] if more else shown)


def _measured(photo: TrainingImage) -> Measured:
    measures = read(photo.measures)
    return Measured(photo.pk, photo.original_filename, *photo.trained_size, measures)


def _groups(photos: Sequence[Measured], verdict: Verdict) -> Iterator[tuple[str, Group]]:
    """Yield the notes by their code, those of most photos first."""
    by_code: dict[str, list[Measured]] = {}
    for photo in photos:
        for note in verdict.notes[photo.id]:
            by_code.setdefault(note.code, []).append(photo)
    for code, noted in sorted(by_code.items(), key=lambda group: -len(group[1])):
        more = max(0, len(noted) - _NAMES_SHOWN)
        yield code, Group(*texts.group_texts(code, len(noted)), noted[:_NAMES_SHOWN], more)
