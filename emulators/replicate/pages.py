"""Lists: a hundred entries a page, the newest first, with the whole address of the next page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.replicate.errors import Refusal
from emulators.replicate.state import base_url

Row = TypeVar("Row")

PAGE_SIZE = 100


def page(
    request: Request,
    rows: Sequence[Row],
    key: Callable[[Row], str],
    show: Callable[[Row], dict[str, Any]],
) -> Response:
    """Return the page of `rows` that a request asks for; `key` is a row's id, `show` its answer.

    A cursor names the last row before its page, so rows that come meanwhile shift nothing.
    """
    start = _start(request, [key(row) for row in rows])
    end = start + PAGE_SIZE
    before = max(0, start - PAGE_SIZE)
    return JSONResponse(
        {
            "previous": _address(request, rows, key, before) if start else None,
            "next": _address(request, rows, key, end) if end < len(rows) else None,
            "results": [show(row) for row in rows[start:end]],
        }
    )


def _start(request: Request, keys: list[str]) -> int:
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return 0
    try:
        return keys.index(base64.urlsafe_b64decode(cursor.encode()).decode()) + 1
    except ValueError:
        raise Refusal(400, "Invalid cursor") from None


def _address(request: Request, rows: Sequence[Row], key: Callable[[Row], str], start: int) -> str:
    path = f"{base_url(request)}{request.url.path}"
    if not start:
        return path
    cursor = base64.urlsafe_b64encode(key(rows[start - 1]).encode()).decode()
    return f"{path}?{urlencode({'cursor': cursor})}"
