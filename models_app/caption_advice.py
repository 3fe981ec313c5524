"""What could be better about the captions of a set: advice, never in anybody's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _, ngettext

from models_app import trigger_words
from models_app.caption_words import words_in
from models_app.limits import LIMITS
from models_app.models import UserModel
from models_app.texts import isolated

# Two photos of one scene may well share a caption.
ALIKE_FROM = 3
_WORDS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence, about the photos at these places (from 0)."""

    code: str
    text: str
    places: tuple[int, ...]


def advice_on(captions: Sequence[str], model: UserModel) -> list[Note]:
    """Return the notes on a model's captions, in the order of its photos; blank ones are fine."""
    word = model.trigger_word
    captions = [trigger_words.filled(caption, word) for caption in captions]
    notes = [
        _note_where("no_trigger", captions, lambda text: _lacks(text, word), _no_trigger(word)),
        _note_where("twice", captions, lambda text: _is_doubled(text, word), _doubled(word)),
        *_about_subject(captions, model.kind),
        *_alike(captions),
        _note_where("long", captions, _is_long, _long),
    ]
    return [note for note in notes if note]


def _note_where(
    code: str, captions: Sequence[str], holds: Callable[[str], bool], say: Callable[[int], str]
) -> Note | None:
    places = tuple(at for at, text in enumerate(captions) if text.strip() and holds(text))
    return Note(code, say(len(places)), places) if places else None


def _lacks(caption: str, word: str) -> bool:
    return bool(word) and not trigger_words.is_in(caption, word)


def _is_doubled(caption: str, word: str) -> bool:
    return trigger_words.count_in(caption, word) > 1


def _is_long(caption: str) -> bool:
    return len(caption) > LIMITS.long_caption


def _no_trigger(word: str) -> Callable[[int], str]:
    def say(count: int) -> str:
        text = ngettext(
            "A caption lacks “%(word)s”. We put it in front when the photos are sent.",
            "%(count)d captions lack “%(word)s”. We put it in front when the photos are sent.",
            count,
        )
        return text % {"count": count, "word": word}

    return say


def _doubled(word: str) -> Callable[[int], str]:
    return lambda count: (
        _("“%(word)s” is in a caption more than once. Once is enough.") % {"word": word}
    )


def _long(count: int) -> str:
    text = ngettext(
        "A caption is long. Many trainers read little beyond %(limit)d characters.",
        "%(count)d captions are long. Many trainers read little beyond %(limit)d characters.",
        count,
    )
    return text % {"count": count, "limit": LIMITS.long_caption}


def _about_subject(captions: Sequence[str], kind: str) -> Iterator[Note]:
    """Words about the subject itself are learned apart from the trigger word."""
    found = {at: words for at, text in enumerate(captions) if (words := words_in(text, kind))}
    if not found:
        return
    words = list(dict.fromkeys(word for several in found.values() for word in several))
    quoted = ", ".join(f"“{isolated(word)}”" for word in words[:_WORDS_SHOWN])
    text = _(
        "What is true of every photo is best left out: your trigger word stands for it. "
        "Keep %(words)s only where the photos differ in it."
    )
    yield Note("subject", text % {"words": quoted}, tuple(found))


def _alike(captions: Sequence[str]) -> Iterator[Note]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, caption in enumerate(captions):
        places[caption.strip().casefold()].append(at)
    for caption, same in places.items():
        if caption and len(same) >= ALIKE_FROM:
            text = _(
                "%(count)d photos have the same caption. Say what differs: place, clothes, light."
            )
            yield Note("alike", text % {"count": len(same)}, tuple(same))
