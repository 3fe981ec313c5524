"""Changing the account's address: the form, and the links from the two mails."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core.ratelimit import consume_or_429
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import addresses, policy
from accounts.addresses import Outcome
from accounts.current_user import current_user
from accounts.forms import ChangeAddressForm
from accounts.models import AddressChange, User


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def change_address(request: HttpRequest) -> HttpResponse:
    """Ask for the new address and the password, and send a link to both ends."""
    user = current_user(request)
    if not policy.addresses_are_confirmed():
        return render(request, "account/address_fixed.html")
    form = ChangeAddressForm(user, request.POST or None)
    if request.method == "POST":
        if too_many := consume_or_429(request, action="manage_email", user=user):
            return too_many  # type: ignore[no-any-return]
        if form.is_valid():
            return _ask(request, user, form.cleaned_data["email"])
    return render(request, "account/address_change.html", {"form": form})


def _ask(request: HttpRequest, user: User, email: str) -> HttpResponse:
    if too_many := consume_or_429(request, action="address_change", user=user):
        return too_many  # type: ignore[no-any-return]
    addresses.ask_for_change(user, email)
    text = gettext(
        "We sent a link to %(old)s and one to %(new)s. Your address changes once you have "
        "opened both, within a day."
    )
    messages.info(request, text % {"old": user.email, "new": email})
    return redirect("account")


@never_cache
@require_http_methods(["GET", "POST"])
def address_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link from a mail is about; its button agrees."""
    user = current_user(request)
    found = addresses.change_of_link(user, token)
    if found is None:
        return render(request, "account/link_over.html", status=404)
    change, end = found
    if request.method == "POST":
        _tell(request, user, change, addresses.agree(change, end))
        return redirect("account")
    return render(request, "account/address_link.html", {"change": change, "end": end.value})


def _tell(request: HttpRequest, user: User, change: AddressChange, outcome: Outcome) -> None:
    if outcome is Outcome.CHANGED:
        facts = {"old_email": change.old_email, "new_email": change.new_email}
        for email in facts.values():
            get_adapter(request).send_notification_mail(
                "account/email/email_changed", user, facts, email
            )
        text = gettext("Your address is %(email)s now.") % {"email": change.new_email}
        messages.success(request, text)
    elif outcome is Outcome.WAITING:
        messages.info(request, gettext("Thank you. Now open the link in the other mail."))
    else:
        messages.error(request, gettext("This address can't be used. Nothing was changed."))
