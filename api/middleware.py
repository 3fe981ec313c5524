"""What every answer under /api/ has in common, whoever has given it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

from accounts.tokens import is_in
from api.conditional import tagged
from api.problems import CONTENT_TYPE, PROBLEMS, ROOT, ProblemError, code_of

JSON = "application/json"
# Of the answer that is replaced these go on; the others describe its body.
_KEPT = (
    "Allow",
    "Content-Range",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
)


@sync_and_async_middleware
def api_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Make problem details of every refusal, and give what was read an ETag."""
    if iscoroutinefunction(get_response):

        async def answered_later(request: HttpRequest) -> HttpResponseBase:
            return _finished(request, await get_response(request))

        return answered_later

    def answered(request: HttpRequest) -> HttpResponseBase:
        return _finished(request, get_response(request))

    return answered


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith(ROOT):
        return response
    kind = response.get("Content-Type", "").partition(";")[0]
    if response.status_code >= 400 and kind != CONTENT_TYPE:
        response = _as_problem(response, kind)
    elif response.streaming:
        return response  # says itself what may be kept
    elif isinstance(response, HttpResponse) and kind == JSON and _is_state(request, response):
        response = tagged(request, response)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    # A program may keep what it has read, and asks whether it has changed.
    may_keep = is_in(request.headers.get("Authorization", "")) and response.status_code == 200
    response.setdefault("Cache-Control", "private, no-cache" if may_keep else "no-store")
    return response


def _is_state(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the body is the state of what the address names."""
    return response.status_code == 200 and request.method in {"GET", "HEAD", "PATCH"}


def _as_problem(response: HttpResponseBase, kind: str) -> HttpResponse:
    said = _said(response) if kind == JSON else {}
    code = said.get("code") or code_of(response.status_code)
    if code not in PROBLEMS or PROBLEMS[code].status != response.status_code:
        code = code_of(response.status_code)
    kept = {name: response[name] for name in _KEPT if name in response}
    detail = str(said.get("detail") or said.get("message") or "")
    problem = ProblemError(code, detail, headers=kept).response()
    problem.status_code = response.status_code
    problem.cookies = response.cookies
    response.close()
    return problem


def _said(response: HttpResponseBase) -> dict[str, Any]:
    """Return what a refusal of another part of the site says, as scripts get it."""
    try:
        said = json.loads(response.content)  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
