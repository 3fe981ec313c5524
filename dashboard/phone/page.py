"""The page on the phone: whoever has its address adds photos to one draft, and sees none.

It says nothing about the draft, its owner or their limits, shows no photo that is stored, and
answers alike for every link that is over and for those that never were.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import request_counts
from dashboard.phone.intake import PhoneReplies, Sent, enough, take
from dashboard.wizard.partial_handlers import PART_METHODS, begin_parts, carry_on
from dashboard.wizard.upload_handlers import number_in
from models_app import phone_links
from models_app.errors import NotEditableError
from models_app.limits import LIMITS, PARTIAL
from models_app.models import PhoneLink
from models_app.texts import is_storable

# Of one link: three phones that each send a few photos a second.
REQUESTS_A_MINUTE = 600
View = Callable[..., HttpResponseBase]


def by_link(view: View) -> View:
    """Give the view its open link; everything else gets the page that says it is over.

    The address is the secret: nothing keeps it, and no request from here names it. (Without any
    referrer browsers send “Origin: null”, which the forms' protection refuses.)
    """

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        response = _answer(view, request, token, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


def _answer(view: View, request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
    link = phone_links.open_link(token) if is_storable(token) else None
    if link is None:
        return _over(request)
    if request_counts.count(f"phone-{link.token_hash[:16]}") > REQUESTS_A_MINUTE:
        return _too_much(request)
    try:
        return view(request, link, token, **kwargs)
    except NotEditableError:  # it began while this was sent
        return _over(request)


@require_safe
@by_link
def phone_page(request: HttpRequest, link: PhoneLink, token: str) -> HttpResponse:
    return _page(request, link, token, [])


@require_POST
@by_link
def phone_upload(request: HttpRequest, link: PhoneLink, token: str) -> HttpResponse:
    """Store the photos that are sent. A refused one stops no other."""
    sent = take(link, request.FILES.getlist("photos"), number_in(request, "chosen"))
    if not _wants_json(request):
        return _page(request, link, token, sent)
    if len(sent) != 1:
        return JsonResponse({"message": _("Upload one photo at a time.")}, status=400)
    return sent[0].reply()


@require_POST
@by_link
def phone_parts(request: HttpRequest, link: PhoneLink, token: str) -> HttpResponse:
    """Begin an upload that arrives in parts. A form that announces none costs no try."""
    if number_in(request, "length") is not None and not phone_links.take_try(link):
        return enough().reply()
    return begin_parts(request, link.model, PhoneReplies(link))


@require_http_methods(PART_METHODS)
@by_link
def phone_part(
    request: HttpRequest, link: PhoneLink, token: str, upload_id: uuid.UUID
) -> HttpResponseBase:
    """Say how much has arrived, take another part, or give the upload up."""
    return carry_on(request, link.model, upload_id, PhoneReplies(link))


@require_POST
@by_link
def phone_remove(request: HttpRequest, link: PhoneLink, token: str) -> HttpResponse:
    """Remove a photo that came by this link, for whoever has its receipt."""
    phone_links.remove_added(link, request.POST.get("receipt", ""))
    if _wants_json(request):
        return JsonResponse({})
    return _page(request, link, token, [], was_removed=True)


def _page(
    request: HttpRequest, link: PhoneLink, token: str, sent: list[Sent], **extra: Any
) -> HttpResponse:
    context = {
        "until": link.expires_at,
        "upload_address": reverse("dashboard:phone_upload", args=[token]),
        "parts_address": reverse("dashboard:phone_parts", args=[token]),
        "partial": PARTIAL,
        "remove_address": reverse("dashboard:phone_remove", args=[token]),
        "sent": sent,
        "limits": LIMITS,
    }
    return render(request, "phone/page.html", context | extra)


def _over(request: HttpRequest) -> HttpResponse:
    if _wants_json(request):
        text = _("This link has ended. Show a new code on the computer and scan it.")
        return JsonResponse({"code": "link_over", "message": text}, status=404)
    return render(request, "phone/over.html", status=404)


def _too_much(request: HttpRequest) -> HttpResponse:
    text = _("That was a lot at once. Wait a minute, then go on.")
    response: HttpResponse = JsonResponse({"message": text}, status=429)
    if not _wants_json(request):
        response = render(request, "phone/over.html", {"text": text}, status=429)
    response["Retry-After"] = str(request_counts.seconds_left())
    return response


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
