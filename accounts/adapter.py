"""Where the installation bends allauth to its settings."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """`SIGNUP_OPEN=false` leaves account making to the operator."""
        return bool(settings.SIGNUP_OPEN)
