"""The link of an invitation: a form to create the account."""

from __future__ import annotations

from allauth.account.utils import complete_signup
from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.forms import InvitedForm
from accounts.models import Invitation


@login_not_required
@rate_limit(action="signup")  # type: ignore[untyped-decorator]
@sensitive_post_parameters("password1")
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the sign-up form; with it, sign up as everybody does where sign-up is open."""
    response = _answer(request, token)
    # The address is the secret: no request from this page may name it. (Without any referrer
    # browsers send “Origin: null”, which the form's protection refuses.)
    response["Referrer-Policy"] = "strict-origin"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    if request.user.is_authenticated:  # said without a look at the invitation
        return render(request, "account/invitation_signed_in.html")
    found = invitations.open_invitation(token)
    if found is None:
        return render(request, "account/invitation_over.html", status=404)
    form = InvitedForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _sign_up(request, form)
    return _form_page(request, found, form)


def _sign_up(request: HttpRequest, form: InvitedForm) -> HttpResponse:
    user, response = form.try_save(request)
    if response is not None:
        return response
    return complete_signup(request, user, None, None)  # type: ignore[no-any-return]


def _form_page(request: HttpRequest, found: Invitation, form: InvitedForm) -> HttpResponse:
    site = settings.SITE_ORIGIN.partition("://")[2]
    context = {"form": form, "site": site, "until": found.expires_at}
    return render(request, "account/invitation.html", context)
