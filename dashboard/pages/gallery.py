"""All pictures of one account, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.current_user import current_user
from dashboard.reader_zone import day_text, zone_of
from generation import services
from generation.models import GeneratedImage
from generation.selectors import image_for, images_of
from models_app.paging import page_of

IMAGES_PER_PAGE = 60


@dataclass(frozen=True, slots=True)
class Day:
    """The pictures of one day, newest first. One that goes on on the next page is named there
    too."""

    title: str
    images: list[GeneratedImage]


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    page = page_of(images_of(current_user(request)), before=before, size=IMAGES_PER_PAGE)
    is_single = len(page.rows) == 1
    context = {
        "images": page.rows,
        "days": days_of(page.rows, zone_of(request)),
        "is_single": is_single,
        "rows": "" if is_single else "even",
        "next": page.next,
        "is_first": not before,
    }
    return render(request, "gallery.html", context)


@require_safe
def image(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show one picture with the settings that made it, for browsers without scripts and for tabs
    of its own; elsewhere the full view opens in the page."""
    return render(request, "picture.html", {"image": image_for(current_user(request), image_id)})


@require_POST
def image_delete(request: HttpRequest, image_id: UUID) -> HttpResponse:
    services.delete_image(image_for(current_user(request), image_id))
    messages.success(request, gettext("The picture is deleted."))
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}):
        return redirect(back)
    return redirect("dashboard:gallery")


def days_of(images: Iterable[GeneratedImage], zone: ZoneInfo | None) -> list[Day]:
    """Return the pictures by the days of `zone`, in their order; by those of UTC without one.

    The server groups them, not a script: nothing moves once the page is there.
    """
    by_day = groupby(images, lambda image: image.created_at.astimezone(zone or UTC).date())
    return [Day(day_text(day, zone), list(found)) for day, found in by_day]
