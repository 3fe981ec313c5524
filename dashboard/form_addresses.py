"""Addresses that take the forms of a page, and show it again where one is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def takes_forms_of(page: View) -> Callable[[View], View]:
    """Show the `page`, a view with the same parameters, to whoever comes without a form: by
    reloading, or after signing in where a form had been refused."""

    def decorated(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **parameters: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, **parameters)
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            return page(request, **parameters)

        return require_http_methods(["GET", "HEAD", "POST"])(answer)

    return decorated
