"""Where providers report by themselves. Not for people: there is no session, and no form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from jobs.webhook_intake import Delivery, RefusedError, provider_of, take_in
from jobs.webhook_links import MOST_BYTES, PARAMETER
from jobs.webhook_log import Outcome

# Providers come again after all of these: those with newer keys here are then taken.
STATUSES = {
    Outcome.PROVIDER_OFF: 404,
    Outcome.UNKNOWN_JOB: 404,
    Outcome.FORGED_ADDRESS: 403,
    Outcome.TOO_LARGE: 413,
    Outcome.NO_KEYS: 503,
    Outcome.WRONG_SIGNATURE: 401,
    Outcome.STALE: 400,
    Outcome.MALFORMED: 400,
}


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a provider's report about a run; 204, or why not."""
    return _answered(request, provider)


@csrf_exempt
@require_POST
def model_webhook(request: HttpRequest) -> HttpResponse:
    """The same at one address for all providers: which one it is, the signed address says."""
    return _answered(request, provider_of(request.GET.get(PARAMETER, "")))


def _answered(request: HttpRequest, provider: str) -> HttpResponse:
    delivery = Delivery(
        provider=provider,
        token=request.GET.get(PARAMETER, ""),
        headers=request.headers,
        # As it came, which is what is signed; `request.body` takes no more than a form.
        body=request.read(MOST_BYTES + 1),
        client=request.META.get("REMOTE_ADDR", ""),
    )
    try:
        take_in(delivery)
    except RefusedError as refusal:
        status = STATUSES[refusal.outcome]
        return JsonResponse({"detail": str(refusal)}, status=status)
    return HttpResponse(status=204)
