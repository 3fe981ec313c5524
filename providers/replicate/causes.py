"""Why Replicate refused something, or why a run failed there, from its words.

It gives no codes but in a few texts (E005), so known phrases are looked for, in the order of how
sure they are. The texts are those that users of its models have published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers import errors

_PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        ("moderation", r"\bE005\b|flagged as sensitive|\bnsfw\b|safety (checker|filter)"),
        ("out_of_memory", r"out of memory|\bOutOfMemory"),
        (
            "input_expired",
            r"(404|403|410|not found|expired)[^\n]{0,200}/files/|/files/[^\n]{0,200}"
            r"(404|403|410|not found|expired)|(file|url|input)[^\n]{0,40}\b(has )?expired",
        ),
        (
            "bad_dataset",
            r"\bzip\b|BadZipFile|tar file|no (training )?images|input_images must|"
            r"cannot identify image",
        ),
        ("trainer_gone", r"version[^\n]{0,30}(does not|doesn't) exist|invalid version"),
        ("timed_out", r"timed? ?out|took too long|time limit"),
        ("out_of_credit", r"insufficient credit|spend(ing)? limit"),
    )
)
KINDS: Mapping[str, type[errors.RequestRejectedError]] = {
    kind.code: kind
    for kind in (
        errors.ModerationError,
        errors.BadDatasetError,
        errors.InputExpiredError,
        errors.TrainerGoneError,
    )
}


def code_of(text: str) -> str:
    """Return which known cause a text tells of; "" for any other."""
    return next((code for code, phrase in _PHRASES if phrase.search(text)), "")
