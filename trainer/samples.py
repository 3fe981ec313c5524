"""The pictures that are drawn during a training: what of, and what their files are called."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = "samples"  # in a run's folder
_NAME = re.compile(r"([0-9]{1,6})-([01])\.jpg")  # step, number


def prompts(trigger_word: str, subject: str) -> tuple[str, str]:
    """Return what is drawn: a picture with the trigger word, and one without."""
    with_word = f"photo of {trigger_word} {subject}".strip()
    return with_word, f"photo of a {subject or 'picture'}"


def parsed(name: str) -> tuple[int, int] | None:
    """Return the step and the number that a file's name tells; None where it is no sample's."""
    found = _NAME.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def listed(folder: Path) -> list[tuple[int, int]]:
    """Return the samples in a run's folder, in the order of steps and numbers."""
    kept = folder / FOLDER
    names = [path.name for path in kept.iterdir()] if kept.is_dir() else []
    return sorted(found for name in names if (found := parsed(name)))
