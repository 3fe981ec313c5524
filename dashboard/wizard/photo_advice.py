"""What to say about a set of photos, by its number and by what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models_app.limits import LIMITS
from models_app.models import Subject

_TIPS: Mapping[str, tuple[str, ...]] = {
    Subject.PERSON: (
        "Only this person in the picture, the face sharp and uncovered.",
        "Mostly head and shoulders, two or three of the whole body.",
        "Different days, rooms, clothes, light and expressions.",
        "No filters, no sunglasses, no screenshots.",
    ),
    Subject.PRODUCT: (
        "The whole product in most pictures, filling about half of the frame.",
        "From the front, both sides, the back and above.",
        "Different backgrounds, so that those are not learned with it.",
        "Even light, no text or price tags over it.",
    ),
    Subject.STYLE: (
        "Many different things, all in the same style.",
        "No frames, signatures or watermarks: they would be learned too.",
        "Whole works rather than details.",
    ),
}


@dataclass(frozen=True, slots=True)
class PhotoAdvice:
    """`tone` is that of the bar; `filled` counts towards `full`, both in photos."""

    count: int
    title: str
    advice: str
    tone: str
    filled: int
    full: int
    tips: tuple[str, ...]


def photo_advice(count: int, kind: str) -> PhotoAdvice:
    """Return the advice for `count` photos of a `kind` of subject."""
    title, advice, tone = _judgement(count)
    full = LIMITS.recommended_max // 2
    return PhotoAdvice(count, title, advice, tone, min(count, full), full, _TIPS[kind])


def _judgement(count: int) -> tuple[str, str, str]:
    photos = f"{count} photo{'' if count == 1 else 's'}"
    if count == 0:
        return "No photos yet", f"{LIMITS.count_text} are right for most.", "warn"
    if count < LIMITS.min_photos:
        lacking = LIMITS.min_photos - count
        return f"{photos} · {lacking} to go", f"At least {LIMITS.min_photos} are needed.", "warn"
    if count < LIMITS.recommended_min:
        return f"{photos} · just enough", "One or two more make a real difference.", "warn"
    if count < LIMITS.recommended_max // 2:
        return f"{photos} · a fair start", "A few more, as different as possible, help.", "accent"
    if count <= LIMITS.recommended_max:
        return f"{photos} · a good set", "You have what it takes.", "good"
    if count < LIMITS.max_photos:
        return f"{photos} · plenty", "More will hardly help; similar ones may go.", "good"
    return f"{photos} · full", "This is the most a model takes.", "good"
