from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = _("Pictures")

    def ready(self) -> None:
        from accounts import limits
        from accounts.allowances import Limit
        from generation import first_picture
        from generation.models import GeneratedImage
        from generation.selectors import pictures_used
        from generation.work import GenerationWork
        from jobs.work import follow, register
        from models_app import storage_use
        from providers.types import WorkKind

        register(GenerationWork())
        follow(WorkKind.TRAINING.value, first_picture.make)
        limits.register(Limit.PICTURES, pictures_used)
        storage_use.register(GeneratedImage, size="size", owner="owner")
