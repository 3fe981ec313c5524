"""What the uploader is told of each photo."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from dashboard.wizard.context import advice_context, photo_card
from models_app.errors import NotEditableError
from models_app.intake import Result, take_in
from models_app.models import TrainingImage, UserModel
from models_app.photo_sets import PhotoSet, shown_path
from models_app.selectors import photo_for, photos_of
from models_app.serving.downloads import DownloadResponse


def stored(request: HttpRequest, model: UserModel, photo: TrainingImage) -> dict[str, Any]:
    """Return the reply that lets the page show a stored photo."""
    advice = advice_context(model, photos_of(model))
    card = {"card": photo_card(photo, advice=advice["advice"])}
    return {
        "id": str(photo.pk),
        "changes": photo.changes,
        "changes_text": photo.changes_text,
        "card": render_to_string("pieces/_photo_card.html", card, request),
        "advice": render_to_string("wizard/_photo_advice.html", advice, request),
        "count": advice["advice"].count,
    }


def live(
    request: HttpRequest, model: UserModel, photos: PhotoSet, chosen: int | None
) -> DownloadResponse:
    """Take the set in, and tell of each file as soon as it is decided: a line of JSON for each.

    The first line says how many there are, the last that these were all. An answer without it was
    cut off; what it told of is stored.
    """
    return DownloadResponse(
        map(_line, _told(request, model, photos, chosen)),
        content_type="application/x-ndjson",
        # A proxy that compresses or collects would wait for more to come (RFC 9111, 5.2.2.6).
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


def _told(
    request: HttpRequest, model: UserModel, photos: PhotoSet, chosen: int | None
) -> Iterator[dict[str, Any]]:
    yield {"total": len(photos.members) + len(photos.litter)}
    try:
        for result in take_in(model, photos, chosen=chosen):
            yield _told_of(request, model, result)
    except NotEditableError as error:
        yield {"done": True, "message": str(error), "address": reverse("dashboard:models")}
    else:
        yield {"done": True}


def _told_of(request: HttpRequest, model: UserModel, result: Result) -> dict[str, Any]:
    told = {"name": shown_path(result.path), "state": result.state, "text": result.text}
    if result.photo:
        return told | stored(request, model, result.photo)
    if result.twin_id:
        # An earlier answer about the same archive may be lost, so that the page does not show it.
        return told | stored(request, model, photo_for(model.owner, result.twin_id))
    return told


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"
