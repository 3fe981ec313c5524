"""The accounts library's adapter: where this installation's rules differ from the library's."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy as _

from accounts import guesses, history, mail, passwords, policy, sign_up
from accounts.later import later
from accounts.models import User
from accounts.visitors import address_of, browser_of, name_of

# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")
EMAIL_LENGTH = User._meta.get_field("email").max_length or 254


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    # What to do next; never whether there is such an account.
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "Email address and password do not belong together. Check both, or choose “Forgot your "
            "password?” to set a new one."
        ),
        "too_many_login_attempts": _(
            "Too many failed attempts. Wait a few minutes, or choose “Forgot your password?” to "
            "set a new one."
        ),
        "incorrect_password": _("That is not your password. Try it again."),
        "enter_current_password": _("That is not your current password. Try it again."),
        "email_taken": _("There is an account with this address already. Sign in instead."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return policy.signup_is_open()

    def is_safe_url(self, url: str) -> bool:
        """Return whether `?next=` may lead there: a path on this site, and nothing else."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def clean_email(self, email: str) -> str:
        """Return the address. Raises ValidationError where it is longer than is stored."""
        if len(email) > EMAIL_LENGTH:
            raise ValidationError(gettext("This address is too long."))
        return email

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the user for an address and a password: one query and one hash in any case.

        Raises ValidationError after too many failures.
        """
        counted = guesses.attempt(request, credentials["email"].lower())
        if counted is None:
            security_log.info("limit reached at=sign-in from=%s", address_of(request))
            raise self.validation_error("too_many_login_attempts")
        user = passwords.user_with(credentials["email"], credentials["password"])
        if user:
            guesses.succeeded(counted)
            return user
        user_login_failed.send(sender=__name__, credentials={}, request=request)
        history.note_failure(request, credentials["email"])
        return None

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Called by the library once a password was reset by mail."""
        guesses.forget(request, str(credentials.get("email", "")).lower())

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether it is the user's password; counts as an attempt to sign in."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        text = gettext("This account is disabled. The operator can enable it again.")
        messages.error(request, text)
        return redirect("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def get_reset_password_from_key_url(self, key: str) -> str:
        user, _, token = key.partition("-")
        return mail.absolute(reverse("account_reset_password_from_key", args=[user, token]))

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: Any, signup: bool
    ) -> None:
        """Send our own link: it asks for the account's password before it confirms."""
        later(sign_up.send_confirmation, emailconfirmation.email_address.user.pk)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have a mail of the library sent, without the request's Host header."""
        values = {name: value for name, value in context.items() if name != "request"}
        mail.send(template_prefix, email, values)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the account's one address what was changed, when and from where."""
        if not settings.ACCOUNT_EMAIL_NOTIFICATIONS:
            return
        facts = {
            "at": timezone.now(),
            "address": address_of(self.request),
            "browser": name_of(browser_of(self.request)),
        }
        mail.send(template_prefix, email or user.email, facts | (context or {}))
