"""The admin site, with an overview of the installation on its front page."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy as _

from accounts import policy
from accounts.models import User
from theway.admin_times import ZonedTimes
from theway.files_page import files_page
from theway.front_page import front_page
from theway.spending_page import spending_csv, spending_page


class OperatorSite(AdminSite):
    site_header = _("TheWay admin")
    site_title = "TheWay"
    index_title = _("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this is an operator; on a public site, one with a second step."""
        return super().has_permission(request) and not _lacks_second_step(request)

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the ordinary sign-in, which limits the attempts."""
        if _lacks_second_step(request):
            text = gettext("Add a passkey or one-time codes first: the admin needs them here.")
            messages.warning(request, text)
            return redirect("account")
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register a page whose times name their zone."""
        base = admin_class or ModelAdmin
        zoned = type(base.__name__, (ZonedTimes, base), {"__module__": base.__module__})
        super().register(model_or_iterable, zoned, **options)

    def get_urls(self) -> list[Any]:
        """Add the pages that show no rows of one table."""

        def spending(request: HttpRequest) -> HttpResponse:
            return spending_page(request, self.each_context(request))

        def files(request: HttpRequest) -> HttpResponse:
            return files_page(request, self.each_context(request))

        ours = [
            path("jobs/spending/", self.admin_view(spending), name="spending"),
            path("jobs/spending/csv", self.admin_view(spending_csv), name="spending_csv"),
            path("models_app/files/", self.admin_view(files), name="files"),
        ]
        return [*ours, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, front_page() | (extra_context or {}))


def _lacks_second_step(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and policy.lacks_second_step(request.user)
