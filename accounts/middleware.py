"""Notes when a session was last used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from accounts.sessions import note_use


@sync_and_async_middleware
def last_use(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Note it after the answer; in memory only, the row is written by another thread."""
    if iscoroutinefunction(get_response):
        return _asynchronous(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        note_use(request)
        return response

    return middleware


def _asynchronous(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        note_use(request)
        return response

    return middleware
