"""The link that confirms an address and lets its owner in."""

from __future__ import annotations

from allauth.account.utils import perform_login
from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import sign_up
from accounts.forms import PasswordForm


@login_not_required
@rate_limit(action="login")  # type: ignore[untyped-decorator]
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the password chosen with this address; with it, confirm and sign in."""
    found = sign_up.unconfirmed(token)
    if found is None:
        return render(request, "account/link_over.html", status=404)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = sign_up.confirm(found, form.cleaned_data["password"])
        if user is not None:
            return perform_login(request, user, email=user.email)  # type: ignore[no-any-return]
        if sign_up.unconfirmed(token) is None:  # another link was quicker, in this moment
            return render(request, "account/link_over.html", status=404)
        form.add_error("password", gettext("That is not the password chosen with this address."))
    return render(request, "account/confirm.html", {"form": form, "email": found.email})
