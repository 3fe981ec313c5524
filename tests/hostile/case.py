"""A hostile file: how it is made, and what may become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Maker = Callable[[], bytes]
STORED = "stored"
# What is hidden in files that are two things at once: nothing stored may hold it.
PAYLOAD = b"alert('theway-payload')"


@dataclass(frozen=True, slots=True)
class Case:
    """`outcomes` are the codes that its refusal may have, and `STORED` where it may be taken;
    none stand for any. Of an archive they are those of the whole, or of any member.

    `is_slow` marks what takes a second or more to make or to open.
    """

    kind: str
    name: str
    make: Maker
    outcomes: frozenset[str]
    file_name: str = "a.jpg"
    is_slow: bool = False


def case(kind: str, name: str, make: Maker, *outcomes: str, slow: bool = False) -> Case:
    """Return a case whose file has an ordinary name."""
    return Case(kind, name, make, frozenset(outcomes), is_slow=slow)
