"""How often a password may be guessed: from one network, and from everywhere together.

One network has five failures in five minutes for one account, and ten in a minute in all. From
everywhere together an account has fifty in an hour (settings.ACCOUNT_RATE_LIMITS). A network that
its owner signed in from lately has only its own: whoever guesses elsewhere keeps nobody out.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from accounts.models import SignIn, User
from accounts.visitors import network_of, network_of_address

APP = "allauth.account"
HERE, EVERYWHERE = "login_failed", "login_failed_everywhere"


def attempt(request: HttpRequest, email: str) -> list[Any] | None:
    """Count an attempt; return what `succeeded` takes back, None where there are too many."""
    here = ratelimit.consume(request, app=APP, action=HERE, key=_key(request, email))
    if here is None:
        return None
    everywhere = ratelimit.consume(request, app=APP, action=EVERYWHERE, key=email)
    if everywhere is None:
        return [here] if _is_known(request, email) else None
    return [here, everywhere]


def succeeded(counted: list[Any]) -> None:
    """Take the attempt back: it was no guess."""
    for usage in counted:
        usage.rollback()


def forget(request: HttpRequest, email: str) -> None:
    """Start anew for an account, whose owner has shown to have its mailbox."""
    ratelimit.clear(request, app=APP, action=HERE, key=_key(request, email))
    ratelimit.clear(request, app=APP, action=EVERYWHERE, key=email)


def _key(request: HttpRequest, email: str) -> str:
    return f"{email} {network_of(request)}"


def _is_known(request: HttpRequest, email: str) -> bool:
    """Return whether the account was signed in to from this network (accounts/history.py)."""
    seen = SignIn.objects.filter(user__email=User.objects.normalize_email(email), succeeded=True)
    addresses = seen.values_list("address", flat=True).distinct()
    return network_of(request) in {network_of_address(address or "") for address in addresses}
