"""What follows when somebody signs in or out, or changes how they do. Connected in `apps`."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import addresses, history, sessions
from accounts.models import AddressChange, User


@receiver(user_logged_in)
def on_signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.begin(request, user)
    history.note_success(request, user)


@receiver(user_logged_out)
def on_signed_out(request: HttpRequest, **_: Any) -> None:
    sessions.forget(request)


@receiver(password_changed)
def on_password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    """End every session but the one that knew the old password."""
    sessions.keep_only(request, user)


@receiver(password_reset)
def on_password_reset(user: User, **_: Any) -> None:
    """Leave the account to who has the mailbox: no other address, session or change is left."""
    addresses.claim(user)
    AddressChange.objects.filter(user=user).delete()
    sessions.end_all(user)


@receiver(authentication_failed)
def on_wrong_code(request: HttpRequest, user: User, **_: Any) -> None:
    history.note_failure(request, user.email)
