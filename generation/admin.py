"""Pictures for operators: thumbnails and how they were made."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generation.models import GeneratedImage
from models_app.admin import ThumbnailUrls
from models_app.read_only_admin import ReadOnlyAdmin


@admin.register(GeneratedImage)
class GeneratedImageAdmin(ThumbnailUrls, ReadOnlyAdmin):
    thumbnail_url_name = "image_thumbnail"
    list_display = ("image", "short_prompt", "model", "owner", "engine", "created_at")
    list_display_links = ("short_prompt",)
    list_filter = ("engine", "created_at")
    list_select_related = ("model", "owner")
    search_fields = ("prompt", "owner__email", "model__name")

    @admin.display(description=_("prompt"), ordering="prompt")
    def short_prompt(self, image: GeneratedImage) -> str:
        return str(image)
