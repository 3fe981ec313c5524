"""Two pages that change the same thing: what of it is saved, and what a person is asked.

A page says of each field what it sends and what it knew to be stored: what it was shown, and what
it sent before (an answer may be lost on its way). So it never undoes what it did not know of, and
never disagrees with itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from providers.redaction import without_controls


@dataclass(frozen=True, slots=True)
class Merge:
    """`values` are to be stored. Of the fields in `clashes` nothing is: they were changed elsewhere
    too, to what stands there."""

    values: dict[str, str] = field(default_factory=dict)
    clashes: dict[str, str] = field(default_factory=dict)


def merge(
    sent: Mapping[str, str],
    stored: Mapping[str, str],
    known: Mapping[str, Sequence[str]],
    clean: Callable[[str], str] = without_controls,
) -> Merge:
    """Return what to do with the fields of `sent`.

    `known` is what the page knew of each; a field without is stored as it was sent, and so is one
    that is not in `stored`. `clean` makes of a text what is stored of it.
    """
    merged = Merge()
    for name, mine in sent.items():
        before, theirs = [clean(text) for text in known.get(name, ())], stored.get(name)
        if not before or theirs is None:
            merged.values[name] = mine
        elif before == [clean(mine)]:
            continue  # untouched: whatever is stored stays
        elif clean(theirs) in (*before, clean(mine)):
            merged.values[name] = mine
        else:
            merged.clashes[name] = theirs
    return merged


def version_of(stored: Mapping[str, str]) -> str:
    """Return a short text that differs whenever what is stored does, whoever has changed it."""
    text = json.dumps(dict(stored), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
