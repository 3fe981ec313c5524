"""The operator's site: the front page tells the truth about every job."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

from theway.front_page import front_page


class OperatorSite(AdminSite):
    site_header = "TheWay, operator"
    site_title = "TheWay"
    index_title = "How it is going"

    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send people to the ordinary sign-in, which limits how often passwords are tried."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().index(request, front_page() | (extra_context or {}))
