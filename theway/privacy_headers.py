"""What a browser may keep: nothing of what somebody saw while signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

# Not "cookies": that would end every other site on this domain too.
CLEAR = '"cache", "storage"'
_SIGNED_OUT = "is_signed_out_now"


@receiver(user_logged_out)
def remember_sign_out(sender: object, request: HttpRequest | None, **_: Any) -> None:
    """Have the answer tell the browser to forget what it kept."""
    if request is not None:
        setattr(request, _SIGNED_OUT, True)


@sync_and_async_middleware
def privacy_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Any]:
    """Add `Cache-Control: no-store` to what a session may have shown, and `Clear-Site-Data` to
    the answer that ends one. Looks at the cookie only: a session is loaded nowhere for it."""
    if iscoroutinefunction(get_response):

        async def marked_later(request: HttpRequest) -> HttpResponseBase:
            return _marked(request, await get_response(request))

        return marked_later

    def marked(request: HttpRequest) -> HttpResponseBase:
        response: Any = get_response(request)
        return _marked(request, response)

    return marked


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if "immutable" in response.get("Cache-Control", ""):
        return response  # named by its content, and the same for everybody
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    if has_session or settings.SESSION_COOKIE_NAME in response.cookies:
        is_as_it_is = "no-transform" in response.get("Cache-Control", "")
        response["Cache-Control"] = f"private, no-store{', no-transform' if is_as_it_is else ''}"
    if getattr(request, _SIGNED_OUT, False):
        response["Clear-Site-Data"] = CLEAR
    return response
