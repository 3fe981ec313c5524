"""The history of sign-ins that each person sees: the last ones, kept for 90 days."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.later import later
from accounts.models import SignIn, User
from accounts.visitors import address_of, browser_of

SHOWN = 20
KEPT_FOR = timedelta(days=90)


def note_success(request: HttpRequest, user: User) -> None:
    """Write that somebody signed in."""
    SignIn.objects.create(
        user=user, succeeded=True, address=address_of(request), browser=browser_of(request)
    )


def note_failure(request: HttpRequest, email: str) -> None:
    """Write, after the answer, that somebody failed to: only then is the account looked up."""
    later(store_failure, email, address_of(request), browser_of(request))


def store_failure(email: str, address: str | None, browser: str) -> None:
    """Write what `note_failure` noted, if there is such an account."""
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    if user is not None:
        SignIn.objects.create(user=user, succeeded=False, address=address, browser=browser)


def sign_ins_of(user: User) -> QuerySet[SignIn]:
    """Return the user's last attempts, the newest first."""
    return SignIn.objects.filter(user=user).order_by("-at")[:SHOWN]


def prune() -> None:
    """Delete what is older than anybody asks about."""
    SignIn.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()
