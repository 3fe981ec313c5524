"""How many requests one person, or one address, may make in a minute.

Of programs, their tokens are counted, each for itself, and where they come from. Streams, the
scripts' texts and the probes of monitors are not counted; static files never come
here. What providers report is counted apart from people. Whose request it is has been asked by
then: nothing is read for the count but the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext

from accounts import limits, request_counts
from accounts.allowances import Allowance, Limit, Usage
from accounts.limit_texts import reached_text
from accounts.models import User
from accounts.tokens import is_in, key_of
from accounts.visitors import network_of
from api.problems import ROOT
from jobs.webhook_links import provider_at
from jobs.webhook_log import are_too_many

# Whole schools have one address. Guessing passwords has limits of its own.
ADDRESS_REQUESTS = 3000


class RequestLimit(MiddlewareMixin):
    """Answers 429 to what is too much, before any view."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path in _not_counted():
            return None
        if provider_at(request.path):
            return _refused_report(request)
        for who, most in _limits_of(request):
            made = request_counts.count(who)
            request.allowance = Allowance(Limit.REQUESTS, most, Usage(made))  # type: ignore[attr-defined]
            if made > most:
                return _refused(request, reached_text(request.allowance))  # type: ignore[attr-defined]
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Tell programs what is left."""
        left: Allowance | None = getattr(request, "allowance", None)
        if left and request.path.startswith(ROOT):
            response["RateLimit-Limit"] = str(left.allowed)
            response["RateLimit-Remaining"] = str(left.left)
            response["RateLimit-Reset"] = str(request_counts.seconds_left())
        return response


@cache
def _not_counted() -> frozenset[str]:
    names = ("dashboard:events", "javascript-catalog")
    return frozenset({"/healthz", "/readyz", "/metrics", *map(reverse, names)})


def _limits_of(request: HttpRequest) -> Iterator[tuple[str, int]]:
    """Yield by what the request is counted, and how many are allowed of these, the last of which
    is told. Nothing is looked up without a session cookie."""
    sent = request.headers.get("Authorization", "")
    is_program = request.path.startswith(ROOT) and is_in(sent)
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    if not is_program and has_session and isinstance(request.user, User):
        most = limits.allowed(request.user, Limit.REQUESTS)
        if most is not None:
            yield request_counts.key_of(request.user), most
        return
    if settings.LIMIT_REQUESTS_PER_MINUTE is not None:
        yield network_of(request), ADDRESS_REQUESTS
    if is_program and settings.LIMIT_REQUESTS_PER_TOKEN is not None:
        yield f"token-{key_of(sent)}", settings.LIMIT_REQUESTS_PER_TOKEN


def _refused_report(request: HttpRequest) -> HttpResponse | None:
    """Refuse what providers, or those who pretend to be one, report too often from one network."""
    if not are_too_many(request.META.get("REMOTE_ADDR", "")):
        return None
    response = HttpResponse(status=429)
    response["Retry-After"] = str(request_counts.seconds_left())
    return response


def _refused(request: HttpRequest, text: str) -> HttpResponse:
    """Return the page, or what a script or a program understands."""
    title = gettext("That was a lot at once")
    is_for_program = request.path.startswith(ROOT)
    if is_for_program or request.headers.get("Accept", "").startswith("application/json"):
        problem = {"code": "limit_reached", "detail": text, "message": text}
        response: HttpResponse = JsonResponse(problem, status=429)
    elif getattr(request, "htmx", False):
        # The page that it is on shows the sentence (static/js/forms.js).
        response = HttpResponse(text, status=429, content_type="text/plain; charset=utf-8")
    else:
        page = render_to_string("refused.html", {"answer": {"title": title, "text": text}})
        response = HttpResponse(page, status=429)
    response["Retry-After"] = str(request_counts.seconds_left())
    return response
