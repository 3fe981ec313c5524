"""Tokens for programs: listed, made after the password and shown once, revoked by a click."""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import tokens
from accounts.current_user import current_user
from accounts.token_form import TokenForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required()  # type: ignore[untyped-decorator]
def api_tokens(request: HttpRequest) -> HttpResponse:
    """List the person's tokens; make one, which only this answer shows."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _made(request, form)
    return _page(request, form, status=422 if form.is_bound else 200)


@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End one of the person's own tokens. Raises Http404 for any other."""
    user = current_user(request)
    token = get_object_or_404(tokens.tokens_of(user), pk=token_id)
    tokens.revoke(token, by=user)
    text = gettext("“%(name)s” is revoked: programs that use it get no answer any more.")
    messages.success(request, text % {"name": token.name})
    return redirect("account_tokens")


def _made(request: HttpRequest, form: TokenForm) -> HttpResponse:
    user, wanted = current_user(request), form.cleaned_data
    try:
        token, raw = tokens.make(
            user,
            name=wanted["name"],
            scope=wanted["scope"],
            expires_in=form.lasts(),
            token_id=wanted["press"],
        )
    except tokens.AlreadyMadeError:
        messages.warning(request, gettext("That token was shown once and is not shown again."))
        return redirect("account_tokens")
    except tokens.TooManyTokensError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=409)
    get_adapter(request).send_notification_mail("account/email/token_made", user, {"token": token})
    return render(request, "account/token_made.html", {"token": token, "raw": raw})


def _page(request: HttpRequest, form: TokenForm, *, status: int) -> HttpResponse:
    context = {"form": form, "tokens": tokens.tokens_of(current_user(request))}
    return render(request, "account/tokens.html", context, status=status)
