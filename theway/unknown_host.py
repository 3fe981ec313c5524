"""A name that the site does not answer to, said as what it is: nearly always a proxy's."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.defaults import bad_request

from theway.bodies.answers import Answer, content_of

# Does not repeat the name: whoever asks could have chosen it.
UNKNOWN_HOST = Answer(
    400,
    _("This site is not known by that name"),
    _(
        "Check the address. If you run this site: DJANGO_ALLOWED_HOSTS has to hold the name that "
        "people use, and a proxy in front has to pass it on (docs/proxies.md)."
    ),
)


def after_refusal(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses as suspicious: with 400, and why where people can
    do something about it."""
    if not isinstance(exception, DisallowedHost):
        return bad_request(request, exception)
    content_type, body = content_of(UNKNOWN_HOST, request.headers.get("Accept", ""), request.path)
    return HttpResponse(body, status=UNKNOWN_HOST.status, content_type=content_type)
