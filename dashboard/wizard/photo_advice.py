"""Advice on a set of photos, by its number and by what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from models_app.limits import LIMITS
from models_app.models import Subject
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


@dataclass(frozen=True, slots=True)
class PhotoAdvice:
    """`tone` is that of the bar; `filled` counts towards `full`, both in photos."""

    count: int
    text: str
    tone: str
    filled: int
    full: int
    tips: tuple[Promise, ...]


def photo_advice(count: int, kind: str) -> PhotoAdvice:
    """Return the advice for `count` photos of a `kind` of subject."""
    text, tone = _rating(count)
    full = LIMITS.recommended_max // 2
    return PhotoAdvice(count, text, tone, min(count, full), full, _TIPS[kind])


def _rating(count: int) -> tuple[str, str]:
    if count == 0:
        return _("Aim for %(photos)s.") % {"photos": LIMITS.count_text}, "warn"
    if count < LIMITS.min_photos:
        return photos_missing_text(count), "warn"
    if count < LIMITS.recommended_min:
        return _("Just enough. One or two more make a real difference."), "warn"
    if count < LIMITS.recommended_max // 2:
        return _("A good start. A few more, as different as possible, help."), "accent"
    if count <= LIMITS.recommended_max:
        return _("A good set. You have what you need."), "good"
    if count < LIMITS.max_photos:
        return _("Plenty. More will hardly help, and you can remove similar ones."), "good"
    return _("Full. This is the most a model can have."), "good"
