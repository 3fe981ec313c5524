"""What an account has requested, page by page, and how it is deleted."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulators.fal.behaviour import LISTS_UNFINISHED
from emulators.fal.errors import FalError
from emulators.fal.parts import Parts, parts_of
from emulators.fal.records import FalRequest
from emulators.fal.storage.files import address
from emulators.fal.times import iso, seconds_of
from emulators.fal.work.results import colours_of
from emulators.hosted.records import Json
from trainer.threads import in_thread

MAX_ENDPOINTS, MAX_LIMIT, DEFAULT_LIMIT = 50, 100, 50
DAY = 86_400.0
STATUSES: dict[str, Callable[[int], bool]] = {
    "success": lambda code: 200 <= code < 300,
    "user_error": lambda code: 400 <= code < 500,
    "error": lambda code: code >= 500,
}
Place = tuple[float, str]  # where a request stands in the order of a list


async def by_endpoint(request: Request) -> Response:
    """GET /v1/models/requests/by-endpoint: newest end first."""
    parts, query = parts_of(request), request.query_params
    account = parts.accounts.of(request.headers)
    wanted = _matching(parts, account, query)
    page, more = _page(wanted, query, _place_of_end)
    items = [_item(found, query) for found in page]
    return JSONResponse({"items": items, **_cursor(page, _place_of_end, has_more=more)})


async def search(request: Request) -> Response:
    """GET /v1/models/requests/search: newest first over all endpoints."""
    parts, query = parts_of(request), request.query_params
    account = parts.accounts.of(request.headers)
    wanted = [found for found in _listed(parts, account) if _is_named(found, query)]
    page, more = _page(wanted, query, _place_of_start)
    items = [_item(found, query) for found in page]
    return JSONResponse({"results": items, **_cursor(page, _place_of_start, has_more=more)})


async def delete_payloads(request: Request) -> Response:
    """DELETE /v1/models/requests/{id}/payloads: input, output and output files; inputs' files
    stay. Wants an ADMIN key; asking again is safe."""
    parts = parts_of(request)
    account = parts.accounts.administrator(request.headers)
    found = parts.requests.get(account, request.path_params["request_id"])
    if not found.ended_at:
        raise FalError(409, "The request has not ended", "bad_request")
    results = []
    for document in parts.files.outputs_of(found.id):
        await parts.files.remove(document)
        results.append({"link": address(found.origin, document), "exception": None})
    await in_thread(shutil.rmtree, colours_of(parts.colours, found), ignore_errors=True)
    found.is_purged, found.input, found.values, found.output = True, {}, {}, {}
    await parts.requests.save(found)
    return JSONResponse({"cdn_delete_results": results})


def _listed(parts: Parts, account: str) -> list[FalRequest]:
    """Return what a history admits: what has ended, and the rest only where a rule says so."""
    with_open = parts.plan.befalls(LISTS_UNFINISHED, account)
    return [found for found in parts.requests.of(account) if found.ended_at or with_open]


def _matching(parts: Parts, account: str, query: QueryParams) -> list[FalRequest]:
    endpoints = _values(query, "endpoint_id")
    if not 1 <= len(endpoints) <= MAX_ENDPOINTS:
        raise FalError(422, "endpoint_id: between 1 and 50 are required", "bad_request")
    is_of_status = _status_filter(query)
    start, end = _span(parts, query)
    return [
        found
        for found in _listed(parts, account)
        if found.endpoint in endpoints
        and _is_named(found, query)
        and start <= _place_of_end(found)[0] < end
        and is_of_status(found.status_code)
    ]


def _span(parts: Parts, query: QueryParams) -> tuple[float, float]:
    """Return the first moment and the one after the last, in seconds since 1970."""
    days = 90 if query.get("request_id") else 1
    now = parts.clock.now()
    start = seconds_of(query["start"]) if query.get("start") else now - days * DAY
    return start, seconds_of(query["end"]) if query.get("end") else now + DAY


def _status_filter(query: QueryParams) -> Callable[[int], bool]:
    word = query.get("status", "")
    if word and word not in STATUSES:
        raise FalError(422, "status: success, error or user_error", "bad_request")
    return STATUSES.get(word, lambda code: True)


def _is_named(found: FalRequest, query: QueryParams) -> bool:
    names = _values(query, "request_id")
    return not names or found.id in names


def _place_of_end(found: FalRequest) -> Place:
    return (found.ended_at or found.created_at, found.id)


def _place_of_start(found: FalRequest) -> Place:
    return (found.created_at, found.id)


def _page(
    found: list[FalRequest], query: QueryParams, place: Callable[[FalRequest], Place]
) -> tuple[list[FalRequest], bool]:
    """Return the page after the cursor, and whether there is another."""
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal() or not 1 <= int(limit) <= MAX_LIMIT:
        raise FalError(422, f"limit: between 1 and {MAX_LIMIT}", "bad_request")
    found = sorted(found, key=place, reverse=True)
    if cursor := query.get("cursor"):
        after = _read(cursor)
        found = [one for one in found if place(one) < after]
    return found[: int(limit)], len(found) > int(limit)


def _cursor(
    page: list[FalRequest], place: Callable[[FalRequest], Place], *, has_more: bool
) -> Json:
    text = json.dumps(place(page[-1])) if has_more else ""
    cursor = base64.urlsafe_b64encode(text.encode()).decode() or None
    return {"next_cursor": cursor, "has_more": has_more}


def _read(cursor: str) -> Place:
    try:
        moment, request_id = json.loads(base64.urlsafe_b64decode(cursor))
        return float(moment), str(request_id)
    except (ValueError, TypeError):
        raise FalError(422, "cursor: not one of this list", "bad_request") from None


def _item(found: FalRequest, query: QueryParams) -> Json:
    """Return an entry; what has not happened yet is left out rather than null."""
    item: Json = {
        "request_id": found.id,
        "endpoint_id": found.endpoint,
        "started_at": iso(found.started_at or found.created_at),
        "sent_at": iso(found.created_at),
    }
    if found.ended_at:
        started_at = found.started_at or found.created_at
        item |= {"ended_at": iso(found.ended_at), "status_code": found.status_code}
        item["duration"] = round(found.ended_at - started_at, 3)
    if "payloads" in _values(query, "expand") and found.stores_io and not found.is_purged:
        item["json_input"] = found.input
        if found.ended_at:
            item["json_output"] = found.output
    return item


def _values(query: QueryParams, name: str) -> list[str]:
    """Return a parameter that is repeated, or written with commas."""
    return [value for text in query.getlist(name) for value in text.split(",") if value]


routes = [
    Route("/v1/models/requests/by-endpoint", by_endpoint, methods=["GET"]),
    Route("/v1/models/requests/search", search, methods=["GET"]),
    Route("/v1/models/requests/{request_id}/payloads", delete_payloads, methods=["DELETE"]),
]
