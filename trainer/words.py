"""How what the trainer tells people is worded."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, such as "1 photo" or "2 photos"."""
    return f"{number} {one if number == 1 else many}"
