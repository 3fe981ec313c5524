"""Which addresses are answered by a stream. Each room names its own when Django starts."""

from __future__ import annotations

import re

_patterns: set[re.Pattern[str]] = set()


def register(pattern: str) -> None:
    """Have requests whose whole path is `pattern`, a regular expression, begin streams."""
    _patterns.add(re.compile(pattern))


def is_stream(path: str) -> bool:
    """Whether a stream may begin at `path`."""
    return any(pattern.fullmatch(path) for pattern in _patterns)
