"""What a comparison has found, in numbers and a few names: nothing of it is a person's words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from theway.files.comparing import Difference

SAMPLE = 20
OTHER = "other"
# Names of our own making hold ids and numbers. What else lies there may be called anything.
_OURS = re.compile(
    r"(photos|weights|images)/[0-9a-f-]{36}/(incoming/)?[0-9a-f-]{1,80}(\.[0-9a-z]{1,12}){0,3}"
)


@dataclass(slots=True)
class Kinds:
    """Differences of one sort: how many of each kind, and the first few names."""

    count: int = 0
    size: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    names: list[str] = field(default_factory=list)

    def add(self, found: Difference) -> None:
        ours = _OURS.fullmatch(found.name)
        self.count += 1
        self.size += found.size or 0
        self.kinds[ours[1] if ours else OTHER] += 1
        if ours and len(self.names) < SAMPLE:
            self.names.append(found.name)

    def details(self) -> dict[str, Any]:
        return {"kinds": dict(self.kinds), "names": self.names}


@dataclass(slots=True)
class Findings:
    """Files without a row, rows without a file, and how many uploads were cut off."""

    leftover: Kinds = field(default_factory=Kinds)
    lost: Kinds = field(default_factory=Kinds)
    unfinished: int = 0

    def add(self, found: Difference) -> None:
        (self.lost if found.is_lost else self.leftover).add(found)
