"""One-time codes whose clock is a little off, each of which still works only once."""

from __future__ import annotations

from allauth.mfa import app_settings
from allauth.mfa.base import forms
from allauth.mfa.totp import forms as totp_forms
from django.core.cache import cache

from accounts.models import User


class OnceOnly:
    """Remembers a code for as long as it would be taken.

    The library forgets it after one period, which is too soon where codes of the periods before
    and after are taken as well (RFC 6238, 5.2: a code is never taken twice).
    """

    user: User
    cleaned_data: dict[str, str]

    def clean_code(self) -> str:
        key = f"one-time-code:{self.user.pk}:{''.join(self.cleaned_data['code'].split())}"
        if cache.get(key):
            self.cleaned_data["code"] = ""  # a used one is none, and counts as a failed try
        code: str = super().clean_code()  # type: ignore[misc]
        periods = 2 * app_settings.TOTP_TOLERANCE + 1
        cache.set(key, True, timeout=periods * app_settings.TOTP_PERIOD)
        return code


class SecondStepForm(OnceOnly, forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class AgainForm(OnceOnly, forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class TurnOnForm(OnceOnly, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    pass
