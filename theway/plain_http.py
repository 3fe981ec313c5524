"""What a program gets that calls the API without TLS: no redirect, which would hide it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext

API = "/api/"


@sync_and_async_middleware
def no_plain_api(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Refuse the API over plain HTTP where the site has https (settings.SECURE_SSL_REDIRECT).

    Browsers are led to https; a program that follows such a redirect sends its session in the
    clear with every call and never notices (OWASP ASVS 5.0, 4.1.2).
    """
    if iscoroutinefunction(get_response):

        async def refused_later(request: HttpRequest) -> HttpResponseBase:
            refusal = _refusal(request)
            if refusal is not None:
                return refusal
            response: HttpResponseBase = await get_response(request)
            return response

        return refused_later

    def refused(request: HttpRequest) -> HttpResponseBase:
        refusal = _refusal(request)
        return get_response(request) if refusal is None else refusal

    return refused


def _refusal(request: HttpRequest) -> HttpResponseBase | None:
    is_plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
    if not is_plain or not request.path.startswith(API):
        return None
    text = gettext(
        "The API is answered over https only. What you sent could be read on the way: sign out, "
        "which ends that session, and use https."
    )
    problem = {"code": "https_required", "detail": text, "message": text}
    return JsonResponse(problem, status=403)
