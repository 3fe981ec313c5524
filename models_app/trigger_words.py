"""The word that calls the trained subject in a prompt.

It must be unknown to the image model: a rare word is learned faster, and an English word would
bring its meaning into every picture.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import count

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _
from spellchecker import SpellChecker

from models_app.models import UserModel

_SHAPE = re.compile(r"[a-z][a-z0-9_]{2,23}")
_STEM_LENGTH = 16
_SUFFIX_LETTERS = "kvzxqwj"
# Letters that Unicode decomposition does not reduce to a to z.
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
    """Return a valid word made from the model's name.

    The same name gives the same word until the owner uses it, so a reload changes nothing.
    """
    taken = _words_in_use(owner)
    stem = _stem(name)
    return next(word for word in _candidates(stem) if word not in taken and not _is_english(word))


def problem_with(word: str, *, owner: AbstractUser, model: UserModel | None = None) -> str:
    """Return what is wrong with `word` in a sentence for its owner, or "" if it is valid.

    `model` is the one that gets the word; its own current word does not count as taken.
    """
    if not _SHAPE.fullmatch(word):
        return _(
            "Use 3 to 24 characters: lowercase letters a to z, digits and underscores, starting "
            "with a letter."
        )
    if _is_english(word):
        example = next(_candidates(word[:_STEM_LENGTH]))
        return _(
            "“%(word)s” already means something to the image model. Make it rarer, for example "
            "“%(example)s”."
        ) % {"word": word, "example": example}
    if word in _words_in_use(owner, except_for=model):
        return _("Another of your models uses “%(word)s”. Choose a different word.") % {
            "word": word
        }
    return ""


def _words_in_use(owner: AbstractUser, *, except_for: UserModel | None = None) -> set[str]:
    models = UserModel.objects.filter(owner_id=owner.pk).exclude(trigger_word="")
    if except_for is not None:
        models = models.exclude(pk=except_for.pk)
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
        # Short numbers first; longer ones only once an owner has used all of those.
        digits = number % 8 + 2 + 10 * ((number - start) // (8 * len(_SUFFIX_LETTERS)))
        yield f"{stem}_{letter}{digits}"


def _is_english(word: str) -> bool:
    return word.isalpha() and f"\n{word}\n" in _english()


@cache
def _english() -> str:
    """Return every English word between line breaks: 1.2 MB, where a set takes ten times that.

    The spell checker's own dictionary is freed once its words are copied.
    """
    words = SpellChecker(language="en").word_frequency.words()
    return "\n" + "\n".join(word for word in words if word.isascii() and word.isalpha()) + "\n"
