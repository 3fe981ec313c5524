"""Endpoints for monitors, load balancers and Prometheus."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jobs import health
from theway.metrics import registry


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
    is_told = _may_read_metrics(request) or (found.database and _is_operator(request))
    answer = found.as_json() if is_told else {"ready": not found.problems}
    return JsonResponse(answer, status=503 if found.problems else 200)


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
