"""Pictures for operators: thumbnails and the settings that made them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from generation.models import GeneratedImage
from models_app.admin import ThumbnailUrls


@admin.register(GeneratedImage)
class PictureAdmin(ThumbnailUrls, admin.ModelAdmin):
    thumbnail_url_name = "picture_thumbnail"
    list_display = ("picture", "short_prompt", "model", "owner", "engine", "created_at")
    list_display_links = ("short_prompt",)
    list_filter = ("engine", "created_at")
    list_select_related = ("model", "owner")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("prompt", "owner__email", "model__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting the row here would leave the files on the disk.
        return False

    @admin.display(description="prompt", ordering="prompt")
    def short_prompt(self, picture: GeneratedImage) -> str:
        return str(picture)
