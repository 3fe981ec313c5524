"""Who may have an account, and what it takes. Every page and check asks here."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.models import User

SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def addresses_are_confirmed() -> bool:
    """Return whether an account begins only once its address is confirmed by mail."""
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory")


def signup_is_open() -> bool:
    """Return whether people may make accounts themselves.

    Others come in by invitation (`accounts.invitations`). A public site that cannot send mail
    has no way to tell whose address one is: it stays closed, whatever SIGNUP_OPEN says.
    """
    safe = addresses_are_confirmed() or not settings.SITE_IS_PUBLIC
    return bool(settings.SIGNUP_OPEN) and safe


def invitations_name_an_address() -> bool:
    """Return whether an invitation is for one address only, for which the operator vouches.

    That is where others reach the site and nobody can confirm their address.
    """
    return bool(settings.SITE_IS_PUBLIC) and not addresses_are_confirmed()


def has_second_step(user: User) -> bool:
    """Return whether signing in takes more than the password: a passkey or one-time codes."""
    return bool(Authenticator.objects.filter(user=user, type__in=SECOND_STEPS).exists())


def lacks_second_step(user: User) -> bool:
    """Return whether this operator of a public site must first set up a second step."""
    return settings.SITE_IS_PUBLIC and user.is_staff and not has_second_step(user)
