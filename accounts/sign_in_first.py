"""Who is signed out is asked to sign in, and goes on at the page where that was noticed.

An address that only takes forms is no page: whoever was sent there after signing in, without the
form, would see nothing at all.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url

READING = ("GET", "HEAD")


def page_of(request: HttpRequest) -> str:
    """Return the page of ours that a form came from, "" where the browser does not say it."""
    page = request.headers.get("Referer", "")
    path = page.removeprefix(f"{request.scheme}://{request.get_host()}")
    return path if path.startswith("/") and not path.startswith("//") else ""


class SignInFirst(LoginRequiredMiddleware):
    """Django's own, which leads back to where a form was sent."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        page = page_of(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
        field = self.get_redirect_field_name(view_func)
        return redirect_to_login(page, self.get_login_url(view_func), field)
