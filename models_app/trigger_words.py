"""The word that will call the trained subject in a prompt.

It must mean nothing to the image model yet: a rare word learns faster, and an English one would
drag its old meaning into every picture.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import count

from django.contrib.auth.models import AbstractUser
from spellchecker import SpellChecker

from models_app.models import UserModel

_SHAPE = re.compile(r"[a-z][a-z0-9_]{2,23}")
_STEM_LENGTH = 16
_SUFFIX_LETTERS = "kvzxqwj"
# What Unicode's own decomposition leaves alone.
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ı": "i", "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e",
        "є": "ie", "ж": "zh", "з": "z", "и": "i", "і": "i", "к": "k", "л": "l", "м": "m",
        "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
        "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip


def suggest(name: str, *, owner: AbstractUser) -> str:
    """Return a word made from the model's name that `problem_with` finds nothing wrong with.

    The same name gives the same word until the owner uses it, so a reload changes nothing.
    """
    taken = _words_of(owner)
    stem = _stem(name)
    return next(word for word in _candidates(stem) if word not in taken and not _is_english(word))


def problem_with(word: str, *, owner: AbstractUser, model: UserModel | None = None) -> str:
    """Return what is wrong with `word` in a sentence for its owner, or "" when it is fine.

    `model` is the one that gets the word; its own present word does not count as taken.
    """
    if not _SHAPE.fullmatch(word):
        return (
            "Use 3 to 24 characters: small letters a to z, digits and underscores, "
            "beginning with a letter."
        )
    if _is_english(word):
        return (
            f"“{word}” means something to the image model already. "
            f"Make it rarer, for example “{next(_candidates(word[:_STEM_LENGTH]))}”."
        )
    if word in _words_of(owner, apart_from=model):
        return f"Another model of yours uses “{word}”. Each needs a word of its own."
    return ""


def _words_of(owner: AbstractUser, *, apart_from: UserModel | None = None) -> set[str]:
    models = UserModel.objects.filter(owner_id=owner.pk).exclude(trigger_word="")
    if apart_from is not None:
        models = models.exclude(pk=apart_from.pk)
    return set(models.values_list("trigger_word", flat=True))


def _stem(name: str) -> str:
    """Return the letters of `name` in a to z, words joined by underscores; never empty."""
    romanised = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    ascii_only = romanised.encode("ascii", "ignore").decode()
    stem = ""
    for word in re.findall(r"[a-z][a-z0-9]*", ascii_only):
        longer = f"{stem}_{word}" if stem else word[:_STEM_LENGTH]
        if len(longer) > _STEM_LENGTH:
            break
        stem = longer
    return stem or "my"


def _candidates(stem: str) -> Iterator[str]:
    """Yield `ann_k7`, then others like it, in an order that depends on the stem alone."""
    start = int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4], "big")
    for number in count(start):
        letter = _SUFFIX_LETTERS[number // 8 % len(_SUFFIX_LETTERS)]
        # The first rounds are short; should an owner use them all up, the digits grow.
        digits = number % 8 + 2 + 10 * ((number - start) // (8 * len(_SUFFIX_LETTERS)))
        yield f"{stem}_{letter}{digits}"


def _is_english(word: str) -> bool:
    return word.isalpha() and f"\n{word}\n" in _english()


@cache
def _english() -> str:
    """Every English word between line breaks: 1.2 MB to keep, where a set takes ten times that.

    The spell checker's own dictionary is let go once its words are taken out of it.
    """
    words = SpellChecker(language="en").word_frequency.words()
    return "\n" + "\n".join(word for word in words if word.isascii() and word.isalpha()) + "\n"
