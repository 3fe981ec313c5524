"""All pictures of one person."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dashboard.pages.paging import page_of
from dashboard.person import person
from generation import services
from generation.selectors import picture_for, pictures_of

PICTURES_PER_PAGE = 60


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    page = page_of(pictures_of(person(request)), before=before, size=PICTURES_PER_PAGE)
    context = {"pictures": page.rows, "next": page.next, "is_first": not before}
    return render(request, "gallery.html", context)


@require_POST
def picture_delete(request: HttpRequest, picture_id: UUID) -> HttpResponse:
    services.delete_picture(picture_for(person(request), picture_id))
    messages.success(request, "The picture is deleted.")
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}):
        return redirect(back)
    return redirect("dashboard:gallery")
