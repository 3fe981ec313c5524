"""Writes what people were refused to the security log: limits, and rows they cannot have.

A 404 tells nobody whether there is something; the log says who asked for which id. Only the name
of the address, numbers and UUIDs are written: other parts of an address may be secrets or words.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

log = logging.getLogger("theway.security")

_ID = re.compile(r"[0-9]{1,18}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REPEATED_AFTER = 60  # seconds: who keeps on at a limit writes one line a minute


@sync_and_async_middleware
def refused_access(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Note every 429, and every 404 for a signed-in person where the address names a row."""
    if iscoroutinefunction(get_response):

        async def noted_later(request: HttpRequest) -> HttpResponseBase:
            response: HttpResponseBase = await get_response(request)
            if response.status_code in _NOTES:
                await sync_to_async(_NOTES[response.status_code])(request)
            return response

        return noted_later

    def noted(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        if response.status_code in _NOTES:
            _NOTES[response.status_code](request)
        return response

    return noted


def _limit_reached(request: HttpRequest) -> None:
    person, client = _person(request), request.META.get("REMOTE_ADDR", "")
    if _is_first(f"{person or client} {_name(request)}"):
        log.info("limit reached account=%s from=%s at=%s", person, client, _name(request))


def _not_found(request: HttpRequest) -> None:
    match = request.resolver_match
    values = match.kwargs.values() if match else ()
    ids = [str(value) for value in values if _is_id(value)]
    person = _person(request) if ids else None
    if person is not None:
        client = request.META.get("REMOTE_ADDR", "")
        asked = ",".join(ids)
        log.info(
            "nothing there account=%s from=%s at=%s id=%s", person, client, _name(request), asked
        )


def _is_id(value: object) -> bool:
    return bool(_ID.fullmatch(str(value)))


_NOTES = {404: _not_found, 429: _limit_reached}


def _person(request: HttpRequest) -> int | None:
    return getattr(getattr(request, "user", None), "pk", None)


def _name(request: HttpRequest) -> str:
    """Return the name of the address, which is ours; what stands in it is somebody else's."""
    return request.resolver_match.view_name if request.resolver_match else ""


def _is_first(what: str) -> bool:
    """Return whether this is the first of a while; a cache that is away lets all through."""
    try:
        return cache.add(f"refused {what}".replace(" ", "-"), 1, REPEATED_AFTER)
    except Exception:  # every cache has its own
        return True
