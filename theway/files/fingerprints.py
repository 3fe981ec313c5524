"""A set of names, of which there may be millions, in about nine bytes for each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_PARTS = 256  # each is sorted by itself, so that sorting takes no memory to speak of


class Fingerprints:
    """Knows names by 64 bits of a keyed hash. Two names in a set of a million share theirs about
    once in 40 million sets; a name that is not in it is then taken for one that is."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._parts = [array("Q") for _ in range(_PARTS)]
        self._is_sorted = True
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        fingerprint = _of(name)
        self._parts[fingerprint % _PARTS].append(fingerprint)
        self._is_sorted = False

    def __contains__(self, name: str) -> bool:
        if not self._is_sorted:
            self._parts = [array("Q", sorted(part)) for part in self._parts]
            self._is_sorted = True
        fingerprint = _of(name)
        part = self._parts[fingerprint % _PARTS]
        at = bisect_left(part, fingerprint)
        return at < len(part) and part[at] == fingerprint


def _of(name: str) -> int:
    """Return 64 bits of Python's own hash, whose key differs from process to process."""
    return hash(name) & 0xFFFF_FFFF_FFFF_FFFF
