"""Keyset paging: page 500 costs as much as page 1, and no row is shown twice."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, newest first. `next` is the key of the next page, "" on the last."""

    rows: list[Row]
    next: str


def page_of(rows: QuerySet[Row], *, before: str, size: int) -> Page[Row]:
    """Return the `size` rows that follow the key `before` (the newest for "" or an invalid key).

    `rows` need `created_at` and a UUID key.
    """
    ordered = rows.order_by("-created_at", "-pk")
    position = _parsed(before)
    if position is not None:
        at, key = position
        ordered = ordered.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    found = list(ordered[: size + 1])
    return Page(found[:size], _key(found[size - 1]) if len(found) > size else "")


def is_page_key(key: str) -> bool:
    """Whether `key` is the `next` of some page."""
    return _parsed(key) is not None


def _key(row: Model) -> str:
    created_at: datetime = row.created_at  # type: ignore[attr-defined]
    return f"{created_at:%Y%m%dT%H%M%S.%f}_{row.pk}"


def _parsed(key: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, pk = key.partition("_")
    try:
        return datetime.strptime(f"{at}+0000", "%Y%m%dT%H%M%S.%f%z"), uuid.UUID(pk)
    except ValueError:
        return None
