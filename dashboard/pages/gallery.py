"""All pictures of one account."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.current_user import current_user
from generation import services
from generation.selectors import image_for, images_of
from models_app.paging import page_of

IMAGES_PER_PAGE = 60


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    page = page_of(images_of(current_user(request)), before=before, size=IMAGES_PER_PAGE)
    context = {"images": page.rows, "next": page.next, "is_first": not before}
    return render(request, "gallery.html", context)


@require_POST
def image_delete(request: HttpRequest, image_id: UUID) -> HttpResponse:
    services.delete_image(image_for(current_user(request), image_id))
    messages.success(request, gettext("The picture is deleted."))
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}):
        return redirect(back)
    return redirect("dashboard:gallery")
