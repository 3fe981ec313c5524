"""The photos step's part about phones: the code, how long it works, what came by it."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.phone.context import phone_context
from dashboard.phone.origins import origin_for_phones
from dashboard.wizard.context import photos_context
from dashboard.wizard.photos import own_draft, photo_view
from models_app import phone_links
from models_app.errors import NotEditableError
from models_app.models import UserModel


@photo_view
def phone_make(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Make the draft's link, and show it."""
    model = own_draft(request, model_id)
    if origin_for_phones(request):
        phone_links.issue(model)
    return _panel(request, model)


@photo_view
def phone_end(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Withdraw the draft's link."""
    model = own_draft(request, model_id)
    phone_links.end(model)
    return _panel(request, model)


@require_safe
def photos_live(request: HttpRequest, model_id: uuid.UUID) -> HttpResponse:
    """Return the photos as they are now, the advice and the part about phones, to be merged."""
    try:
        model = own_draft(request, model_id)
    except NotEditableError as error:
        raise Http404("There is no such draft.") from error
    context = photos_context(model) | phone_context(request, model)
    return render(request, "wizard/_photos_live.html", context)


def _panel(request: HttpRequest, model: UserModel) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "wizard/_phone.html", phone_context(request, model))
    return redirect(f"{reverse('dashboard:wizard', args=[model.pk, 'photos'])}#phone")
