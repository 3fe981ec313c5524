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

from models_app.models import Subject, UserModel

_SHAPE = re.compile(r"[a-z][a-z0-9_]{2,23}")
_STEM_LENGTH = 16
PLACEHOLDER = "[trigger]"
_SUFFIX_LETTERS = "kvzxqwj"
# They pick how the character before them looks, and belong to no word.
_VARIATION_SELECTORS = "".join(map(chr, range(0xFE00, 0xFE10)))
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


def is_in(text: str, word: str) -> bool:
    """Whether `text` already calls `word`, as `count_in` counts."""
    return count_in(text, word) > 0


def count_in(text: str, word: str) -> int:
    """Return how often `text` calls `word`: in any case, beside any punctuation, in any script.

    Only what could be a longer word of the same kind hides it: Latin letters with their marks,
    digits and underscores. Scripts that join words, such as Chinese and Thai, do not.
    """
    folded, wanted = text.casefold(), word.casefold()
    if not wanted:
        return 0
    return sum(
        not _ends_in_word(folded[: found.start()]) and not _goes_on(folded[found.end() :])
        for found in re.finditer(re.escape(wanted), folded)
    )


def with_word(text: str, model: UserModel) -> str:
    """Return a prompt or a caption with the model's trigger word, added where it is missing."""
    word = model.trigger_word
    if not word or is_in(text, word):
        return text
    is_style = model.kind == Subject.STYLE
    lead = f"picture in {word} style" if is_style else f"{word} {model.kind}"
    return f"{lead}, {text}" if text.strip() else lead


def filled(text: str, word: str) -> str:
    """Return a caption with the trigger word in place of `[trigger]`, which some trainers' tools
    write for it and others would learn as it stands."""
    return text.replace(PLACEHOLDER, word) if word else text


def sent_caption(caption: str, model: UserModel) -> str:
    """Return the caption of a photo as every trainer gets it: it always holds the trigger word.

    Some trainers put the word in themselves, but only where it is missing; others know no other
    way. A photo without a caption of a person's own gets a general one.
    """
    if caption.strip():
        return with_word(filled(caption, model.trigger_word), model)
    lead = with_word("", model)
    return lead if model.kind == Subject.STYLE else f"photo of {lead}"


def _ends_in_word(text: str) -> bool:
    """Whether what stands before a trigger word is glued to it."""
    letters = (letter for letter in reversed(text) if not _is_mark(letter))
    return _is_word_letter(next(letters, ""))


def _goes_on(text: str) -> bool:
    """Whether what stands behind a trigger word makes it another one."""
    behind = text[:1]
    return _is_word_letter(behind) or (_is_mark(behind) and behind not in _VARIATION_SELECTORS)


def _is_word_letter(letter: str) -> bool:
    is_latin = letter.isalpha() and "LATIN" in unicodedata.name(letter, "")
    return letter == "_" or letter.isdecimal() or is_latin


def _is_mark(letter: str) -> bool:
    return letter != "" and unicodedata.category(letter) in {"Mn", "Me"}


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
