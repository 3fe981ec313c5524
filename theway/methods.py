"""The methods that the site has: pages are read and forms are sent, and that is all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils.decorators import sync_and_async_middleware

METHODS = ["GET", "HEAD", "POST"]


@sync_and_async_middleware
def known_methods(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Any]:
    """Answer every other method by 405, whatever the view behind an address would make of it."""
    if iscoroutinefunction(get_response):

        async def known_later(request: HttpRequest) -> HttpResponseBase:
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            response: Any = get_response(request)
            answer: HttpResponseBase = await response
            return answer

        return known_later

    def known(request: HttpRequest) -> Any:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return get_response(request)

    return known
