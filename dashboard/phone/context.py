"""What the photos step shows about phones."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from dashboard.phone.codes import code_of
from dashboard.phone.origins import origin_for_phones
from models_app import phone_links
from models_app.models import UserModel


def phone_context(request: HttpRequest, model: UserModel) -> dict[str, Any]:
    """Return the context of the part about phones: the open link's address and its code."""
    origin = origin_for_phones(request)
    link = phone_links.link_of(model)
    token = phone_links.token_of(link) if link and phone_links.can_be_used(link) else ""
    if not (link and token and origin):
        return {"model": model, "phone_origin": origin, "phone_ended": link}
    address = origin + reverse("dashboard:phone_page", args=[token])
    return {
        "model": model,
        "phone_origin": origin,
        "phone_link": link,
        "phone_address": address,
        "phone_code": code_of(address),
    }
