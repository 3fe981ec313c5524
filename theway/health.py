"""Endpoints for monitors, load balancers and Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from ipaddress import ip_address

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jobs import health
from theway.metrics import registry

# Probes name a machine, not the site: by its address, by plain HTTP, often from elsewhere.
PROBES = frozenset({"/healthz", "/readyz"})
_SOME_HOST = "localhost"
_IS_FOREIGN = "is_for_another_host"


@sync_and_async_middleware
def open_to_probes(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Let the health addresses answer whatever the host is called. Nothing in their answers
    depends on it; the redirect to HTTPS leaves them out too (SECURE_REDIRECT_EXEMPT)."""

    def opened(request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path_info in PROBES:
            _accept_any_host(request)
        return get_response(request)

    if iscoroutinefunction(get_response):
        markcoroutinefunction(opened)
    return opened


def _accept_any_host(request: HttpRequest) -> None:
    try:
        request.get_host()
    except DisallowedHost:
        setattr(request, _IS_FOREIGN, True)
        setattr(request, "get_host", lambda: _SOME_HOST)  # noqa: B010


@never_cache
@require_safe
@login_not_required
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process runs. Depends on nothing else, so nothing else makes it fail."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether everything this process needs works: 200 or 503. What is wrong is said to
    operators, and to whoever may read the metrics."""
    found = health.check()
    # A page elsewhere may make a browser on this machine ask, under a name of its own.
    is_ours = bool(settings.METRICS_TOKEN) or not hasattr(request, _IS_FOREIGN)
    is_told = is_ours and (_may_read_metrics(request) or (found.database and _is_operator(request)))
    answer = found.as_json() if is_told else {"ready": not found.problems}
    response = JsonResponse(answer, status=503 if found.problems else 200)
    # An answer, not an error of ours: a monitor would fill the log, and so would every start.
    setattr(response, "_has_been_logged", True)  # noqa: B010 - of django.utils.log
    return response


def _is_operator(request: HttpRequest) -> bool:
    user = request.user
    return user.is_active and user.is_staff


@never_cache
@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Return Prometheus metrics to holders of METRICS_TOKEN; without one, to this machine only."""
    if not _may_read_metrics(request):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy every caller has this machine's address: then a token is required.
    return not settings.PUBLIC_URL and _is_this_machine(request.META.get("REMOTE_ADDR", ""))


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
