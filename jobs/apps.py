from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs and providers")

    def ready(self) -> None:
        from accounts import limits
        from accounts.allowances import Limit
        from jobs.budgets import usage_of

        limits.register(Limit.BUDGET, usage_of)
