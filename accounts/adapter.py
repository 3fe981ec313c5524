"""allauth's adapter, with this installation's settings."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return `SIGNUP_OPEN`; if False, only operators create accounts."""
        return bool(settings.SIGNUP_OPEN)
