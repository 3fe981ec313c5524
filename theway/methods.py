"""The methods that the site has: pages are read and forms are sent, and that is all.

Only the API, and the addresses of files that arrive in parts, have the two that those need.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import Resolver404, resolve
from django.utils.decorators import sync_and_async_middleware

from api.problems import ROOT as API

METHODS = ["GET", "HEAD", "POST"]
CHANGES = {"PATCH", "DELETE"}
PART_VIEWS = {"dashboard:photo_part", "dashboard:phone_part"}


@sync_and_async_middleware
def known_methods(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Any]:
    """Answer every other method by 405, whatever the view behind an address would make of it."""
    if iscoroutinefunction(get_response):

        async def known_later(request: HttpRequest) -> HttpResponseBase:
            if not _is_known(request):
                return HttpResponseNotAllowed(METHODS)
            response: Any = get_response(request)
            answer: HttpResponseBase = await response
            return answer

        return known_later

    def known(request: HttpRequest) -> Any:
        if not _is_known(request):
            return HttpResponseNotAllowed(METHODS)
        return get_response(request)

    return known


def _is_known(request: HttpRequest) -> bool:
    if request.method in METHODS:
        return True
    if request.method not in CHANGES:
        return False
    if request.path_info.startswith(API):
        return True  # which calls have them, the API says itself
    try:
        return resolve(request.path_info).view_name in PART_VIEWS
    except Resolver404:
        return False
