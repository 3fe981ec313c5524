from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401  # importing connects them
        from accounts.allowances import Limit
        from accounts.limits import register
        from accounts.mail_name import set_mail_name
        from accounts.request_counts import usage_of

        register(Limit.REQUESTS, usage_of)
        set_mail_name()
