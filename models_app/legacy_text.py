"""Text from before everything was UTF-8: which encoding its bytes are probably in.

Nothing says so in an old archive or text file. Each candidate is tried, and the reading whose
letters look most like writing wins: common characters of a script count for it, symbols, boxes and
rare characters against it. Short texts can be ambiguous; a guess is for showing, never for paths.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

# A tie goes to the earlier. Of names in archives DOS's is the usual one (APPNOTE.TXT, D.1), of
# text files Windows's.
NAMES = ("cp437", "cp1252", "cp932", "gbk", "cp866", "cp1251")
TEXTS = ("cp1252", "cp932", "gbk", "cp1251", "cp437", "cp866")
# Enough to tell by; weighing takes a microsecond for each.
_MOST_BYTES = 4096
_GOOD, _FAIR, _RARE, _BAD = 2.0, 1.5, 0.3, -1.0
# What word processors put between and around words, and how many letters are beside it then.
_PLACES = {"’": (1, 2), "–—": (2,), "‘“”…": (1,), "«»°€": ()}


def guessed_encoding(samples: Sequence[bytes], candidates: Sequence[str]) -> str:
    """Return the candidate that reads the samples best; where none reads them, DOS's cp437, which
    has a character for every byte."""
    scores = {name: _score(samples, name) for name in candidates}
    best = max(candidates, key=lambda name: scores[name])
    return best if scores[best] > float("-inf") else "cp437"


def _score(samples: Sequence[bytes], encoding: str) -> float:
    # The last character may be cut in two, which an incremental decoder waits for.
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(b"\n".join(samples)[:_MOST_BYTES])
    except UnicodeDecodeError:
        return float("-inf")
    weigh = _WEIGHERS[encoding]
    weights = [
        weigh(letter, text[at - 1 : at] + text[at + 1 : at + 2])
        for at, letter in enumerate(text)
        if letter > "\x7f"
    ]
    return sum(weights) / len(weights) if weights else 0.0


def _latin(letter: str, beside: str) -> float:
    letters = _letters_in(beside)
    if letter.isalpha() and letter < "\u0250":
        return _GOOD if letters else 0.0
    for marks, places in _PLACES.items():
        if letter in marks:
            return _GOOD if letters in places else _FAIR
    return _BAD


def _cyrillic(letter: str, beside: str) -> float:
    is_alone = _letters_in(beside) > 0
    return _FAIR if "\u0400" <= letter <= "\u045f" and not is_alone else _BAD


def _japanese(letter: str, beside: str) -> float:
    if _is_stray(beside):
        return _BAD
    if "\u3040" <= letter <= "\u30ff":
        return _GOOD
    if "\u4e00" <= letter <= "\u9fff":  # the common ones come first (JIS X 0208, level 1)
        return _GOOD if 0x88 <= letter.encode("cp932")[0] <= 0x97 else _RARE
    return _FAIR if "\u3000" <= letter <= "\u303f" or "\uff00" <= letter <= "\uff60" else _BAD


def _chinese(letter: str, beside: str) -> float:
    if _is_stray(beside):
        return _BAD
    if "\u4e00" <= letter <= "\u9fff":  # the common ones come first (GB/T 2312, level 1)
        first, second = letter.encode("gbk")
        return _GOOD if 0xB0 <= first <= 0xD7 and second >= 0xA1 else _RARE
    return _FAIR if "\u3000" <= letter <= "\u303f" or "\uff00" <= letter <= "\uff60" else _BAD


def _letters_in(beside: str) -> int:
    return sum("A" <= other.upper() <= "Z" for other in beside)


def _is_stray(beside: str) -> bool:
    """Whether a character hangs on a Latin word, without another of its own script beside it."""
    return beside.isascii() and any("a" <= other <= "z" for other in beside)


_WEIGHERS: dict[str, Callable[[str, str], float]] = {
    "cp437": _latin,
    "cp1252": _latin,
    "cp866": _cyrillic,
    "cp1251": _cyrillic,
    "cp932": _japanese,
    "gbk": _chinese,
}
