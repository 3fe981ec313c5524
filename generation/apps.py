from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = _("Pictures")

    def ready(self) -> None:
        from generation.work import GenerationWork
        from jobs.work import register

        register(GenerationWork())
