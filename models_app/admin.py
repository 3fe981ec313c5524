"""Models and photos for operators, who see thumbnails but never full-size photos."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.files.storage import default_storage
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _

from models_app.archive_fetch import ArchiveFetch
from models_app.models import TrainingImage, UserModel
from models_app.read_only_admin import ReadOnly, ReadOnlyAdmin


def thumbnail_response(name: str) -> HttpResponse:
    """Return a stored thumbnail (a few kilobytes). Raises Http404 if the file is missing."""
    if not name or not default_storage.exists(name):
        raise Http404("No such image")
    with default_storage.open(name) as file:
        response = HttpResponse(file.read(), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=300"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class ThumbnailUrls:
    """Adds an admin view with a row's thumbnail, for staff who may view the row."""

    thumbnail_url_name: str

    def get_urls(self) -> list[URLPattern]:
        site: Any = self.admin_site  # type: ignore[attr-defined]
        view: Callable[..., HttpResponse] = site.admin_view(self.thumbnail_view)
        own = path("<uuid:pk>/thumbnail/", view, name=self.thumbnail_url_name)
        return [own, *super().get_urls()]  # type: ignore[misc]

    def thumbnail_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        row = self.get_object(request, str(pk))  # type: ignore[attr-defined]
        if row is None or not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise Http404("No such image")
        return thumbnail_response(row.thumbnail.name)

    @admin.display(description=_("image"))
    def image(self, row: Any) -> SafeString:
        address = reverse(f"admin:{self.thumbnail_url_name}", args=[row.pk])
        return format_html('<img src="{}" alt="" height="96" loading="lazy">', address)


def trained_on_text(photo: TrainingImage) -> str:
    """Return which part of a photo is trained on, in pixels."""
    if not photo.crop:
        return gettext("all of it")
    text = gettext("%(width)d × %(height)d from %(left)d, %(top)d")
    return text % photo.box.as_json()


class PhotoInline(ReadOnly, admin.TabularInline):
    model = TrainingImage
    fields = (
        "photo",
        "original_filename",
        "width",
        "height",
        "trained_on",
        "size",
        "caption",
        "changes",
        "measures",
    )
    readonly_fields = fields
    extra = 0
    show_change_link = True

    @admin.display(description=_("trained on"))
    def trained_on(self, photo: TrainingImage) -> str:
        return trained_on_text(photo)

    @admin.display(description=_("photo"))
    def photo(self, photo: TrainingImage) -> SafeString:
        address = reverse("admin:photo_thumbnail", args=[photo.pk])
        return format_html('<img src="{}" alt="" height="96" loading="lazy">', address)


@admin.register(UserModel)
class UserModelAdmin(ReadOnlyAdmin):
    list_display = (
        "name_or_untitled",
        "owner",
        "kind",
        "status",
        "photo_count",
        "provider",
        "engine",
        "created_at",
        "ready_at",
    )
    list_filter = ("status", "kind", "provider", "engine", "created_at")
    list_select_related = ("owner",)
    search_fields = ("name", "trigger_word", "owner__email", "weights_sha256")
    inlines = (PhotoInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserModel]:
        models: QuerySet[UserModel] = super().get_queryset(request)
        return models.annotate(photo_count=Count("photos"))

    @admin.display(description=_("name"), ordering="name")
    def name_or_untitled(self, model: UserModel) -> str:
        return str(model)

    @admin.display(description=_("photos"), ordering="photo_count")
    def photo_count(self, model: UserModel) -> int:
        return int(model.photo_count)  # type: ignore[attr-defined]


@admin.register(TrainingImage)
class PhotoAdmin(ThumbnailUrls, ReadOnlyAdmin):
    thumbnail_url_name = "photo_thumbnail"
    list_display = ("image", "original_filename", "model", "width", "height", "trained_on", "size")
    list_display_links = ("original_filename",)
    list_select_related = ("model",)
    search_fields = ("original_filename", "sha256", "model__name")

    @admin.display(description=_("trained on"))
    def trained_on(self, photo: TrainingImage) -> str:
        return trained_on_text(photo)


@admin.register(ArchiveFetch)
class ArchiveFetchAdmin(ReadOnlyAdmin):
    """Of an address only its host is shown: the rest may be a secret."""

    list_display = (
        "model",
        "owner",
        "host",
        "status",
        "code",
        "photos",
        "refused",
        "attempts",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "created_at")
    list_select_related = ("model__owner",)
    search_fields = ("model__name", "model__owner__email", "code")
    readonly_fields = ("owner", "host")

    @admin.display(description=_("owner"))
    def owner(self, fetch: ArchiveFetch) -> str:
        return str(fetch.model.owner)

    @admin.display(description=_("from"))
    def host(self, fetch: ArchiveFetch) -> str:
        return urlsplit(fetch.url).hostname or ""
