"""What went wrong, in a person's words, with what to do."""

from __future__ import annotations

import errno

_WORDS = {
    "card_memory": (
        "The card's memory ran out. Close what else uses the card, or train at a smaller "
        "resolution."
    ),
    "memory": "The machine's memory ran out. Close other programs, or train a smaller base model.",
    "killed": (
        "The system ended the training: most often its memory ran out. Close other programs, or "
        "train a smaller base model."
    ),
    "crashed": "The training process crashed; the end of log.txt in the run's folder says more.",
    "ended": "Somebody ended the training process.",
    "stuck": "The training stood still for minutes and was ended.",
    "not_a_number": (
        "The training lost itself: its losses were no numbers, also at half the learning rate. "
        "Try a lower learning rate."
    ),
    "not_finite": "The trained weights are no numbers. Try a lower learning rate.",
    "learned_nothing": "The training changed nothing. Try more steps or a higher learning rate.",
    "no_effect": "The trained weights do not change a picture. Try more steps.",
    "blank_picture": "The model drew an empty picture.",
    "unfit": "A LoRA does not fit this base model.",
    "packages": "The packages for training are not complete: run `make setup-training`.",
    "disk": "The trainer's disk is full. Free some space, then try again.",
}
_OF_A_PICTURE = {
    "card_memory": (
        "The card's memory ran out. Close what else uses the card, or ask for a smaller picture."
    ),
    "memory": "The machine's memory ran out. Close other programs, or use a smaller base model.",
    "killed": (
        "The system ended the drawing: most often its memory ran out. Close other programs, or "
        "use a smaller base model."
    ),
    "crashed": "The drawing process crashed.",
    "ended": "Somebody ended the drawing process.",
    "stuck": "The drawing stood still for minutes and was ended.",
}
# Worth one more try from the last state: what failed may have been something else's doing.
PASSING = frozenset({"crashed", "killed", "ended", "stuck"})
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_PROGRAM = {errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.ENOTDIR}


def words_for(code: str, text: str = "") -> str:
    """Return a sentence for a failed training; a photo's own is what the child said of it."""
    if code == "photo":
        return f"Invalid dataset. {text}"
    return _WORDS.get(code, _WORDS["crashed"])


def words_for_picture(code: str) -> str:
    """Return a sentence for a picture that did not come to be."""
    return _OF_A_PICTURE.get(code) or _WORDS.get(code) or _OF_A_PICTURE["crashed"]


def code_of(error: OSError) -> str:
    """Return which failure it is that a child could not be started."""
    if error.errno in _FULL:
        return "disk"
    return "packages" if error.errno in _NO_PROGRAM else "crashed"
