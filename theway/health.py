"""Addresses for those who watch the installation: monitors, load balancers, Prometheus."""

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
    """The process lives. Asks nobody, so it never fails for somebody else's reason."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
@login_not_required
def readyz(_request: HttpRequest) -> JsonResponse:
    """Whether everything this process needs answers: 200 or 503, with what is wrong."""
    found = health.check()
    return JsonResponse(found.as_json(), status=503 if found.problems else 200)


@never_cache
@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for whoever holds METRICS_TOKEN; without one for this machine only."""
    if not _may_read_metrics(request):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy every caller looks like this machine: then a token is needed.
    return not settings.PUBLIC_URL and _is_this_machine(request.META.get("REMOTE_ADDR", ""))


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
