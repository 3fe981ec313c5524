"""Finding an address of a person in texts, and not a longer one that it is a part of."""

from __future__ import annotations

import re


def mention_of(email: str) -> re.Pattern[str]:
    """Return what finds the address alone: “joann@example.org” does not hold “ann@example.org”."""
    return re.compile(rf"(?<![\w.+%-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)
