"""Lists, a page at a time: `cursor` is what the page before gave as `nextCursor`."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from api.problems import ProblemError
from models_app.paging import is_page_key, page_of

Cursor = Annotated[str, Query(max_length=100, description="`nextCursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most")]
NextCursor = Annotated[
    str | None, Field(description="The cursor of the next page; null on the last page")
]


class PageDict(TypedDict):
    items: list[Any]
    next_cursor: str | None


def page(rows: QuerySet[Any], cursor: str, limit: int) -> PageDict:
    """Return one page, newest first. Raises ProblemError for a cursor that no page gave."""
    if cursor and not is_page_key(cursor):
        text = _("There is no such page: “cursor” is the “nextCursor” of the page before.")
        raise ProblemError("not_found", text)
    found = page_of(rows, before=cursor, size=limit)
    return {"items": found.rows, "next_cursor": found.next or None}
