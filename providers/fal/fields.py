"""Reading JSON of which nothing is certain: a field of another shape counts as missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]


def moment(value: object) -> datetime | None:
    """Return an aware time for ISO text."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def url(value: object) -> str:
    """Return the address of a file object."""
    return text(object_in(value).get("url"))


def object_in(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def list_in(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """Return a count."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count and isinstance(value, int) else None


def entries(data: Json) -> Iterator[Json]:
    """Yield the objects of the lists in an answer, whatever those are called."""
    for value in data.values():
        yield from (item for item in list_in(value) if isinstance(item, dict))
