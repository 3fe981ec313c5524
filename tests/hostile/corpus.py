"""Every hostile file there is, by its name."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.archives import archives
from tests.hostile.bombs import bombs
from tests.hostile.case import Case
from tests.hostile.disguises import disguises
from tests.hostile.truncations import FORMATS, truncations


def corpus() -> dict[str, Case]:
    """Return all cases. Making them is left to whoever needs one."""
    return {one.name: one for one in _all()}


def sample() -> dict[str, Case]:
    """Return the cases that the tests take in: quick ones, and of the cuts a few of each format."""
    found = {name: one for name, one in corpus().items() if not one.is_slow}
    cuts = [[one for one in found.values() if one.kind == f"cut {name}"] for name in FORMATS]
    kept = {one.name for some in cuts for one in (*some[:: max(1, len(some) // 8)], some[-1])}
    return {
        name: one
        for name, one in found.items()
        if name in kept or not one.kind.startswith(("cut", "bomb", "harmless")) or is_new(one)
    }


def is_new(one: Case) -> bool:
    """Whether no test of its format takes this bomb in anyway."""
    from tests.models_app import hostile, hostile_heif, scanned

    known = (hostile.REFUSED, hostile.HARMLESS, hostile_heif.REFUSED, scanned.REFUSED)
    return one.kind.startswith("bomb") and not any(one.name in some for some in known)


def _all() -> Iterator[Case]:
    yield from bombs()
    yield from truncations()
    yield from disguises()
    yield from archives()
