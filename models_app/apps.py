from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsAppConfig(AppConfig):
    name = "models_app"
    verbose_name = _("Models and photos")

    def ready(self) -> None:
        from accounts.allowances import Limit
        from accounts.limits import register
        from models_app import selectors, storage_use

        register(Limit.PHOTOS, selectors.uploads_used)
        register(Limit.DRAFTS, selectors.drafts_used)
        register(Limit.STORAGE, storage_use.usage_of)
