"""A mark on every answer of ours, so that a page can tell it from that of a proxy in front."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from theway.bodies.answers import ANSWERED_BY


@sync_and_async_middleware
def answered_by(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Any]:
    """Add the mark that `static/js/refusals.js` looks for."""
    name, value = (part.decode() for part in ANSWERED_BY)
    if iscoroutinefunction(get_response):

        async def marked_later(request: HttpRequest) -> HttpResponseBase:
            later: HttpResponseBase = await get_response(request)
            later[name] = value
            return later

        return marked_later

    def marked(request: HttpRequest) -> HttpResponseBase:
        response: Any = get_response(request)
        response[name] = value
        return response  # type: ignore[no-any-return]

    return marked
