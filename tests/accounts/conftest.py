"""An installation that others can reach, and people who confirmed their address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from accounts import addresses, invitations, later
from accounts.models import Invitation, User
from tests.factories import UserFactory

ORIGIN = "https://theway.example.org"


@pytest.fixture
def public(settings) -> None:
    """A public site with a mail server: addresses are confirmed."""
    settings.SITE_IS_PUBLIC = settings.MAIL_IS_SET_UP = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.MFA_ALLOW_UNVERIFIED_EMAIL = False
    settings.SITE_ORIGIN = ORIGIN


@pytest.fixture
def lan(settings) -> None:
    """A site that others reach and that cannot send mail."""
    settings.SITE_IS_PUBLIC = True


@pytest.fixture
def put_off(monkeypatch) -> list[tuple]:
    """What was put off until after the answer; nothing of it is done."""
    works: list[tuple] = []
    monkeypatch.setattr(later, "start", lambda work, args: works.append((work, *args)))
    return works


def confirmed(**fields) -> User:
    """Return a new user whose address is confirmed."""
    user = UserFactory(**fields)
    addresses.claim(user)
    return user


def links_in(mail) -> list[str]:
    """Return the paths of the links in a mail to this site, without those of its foot."""
    return [path for path in re.findall(rf"{ORIGIN}(/\S+)", mail.body) if path != "/"]


def link_to(email: str, mailoutbox) -> str:
    """Return the link in the newest mail to an address."""
    mail = [mail for mail in mailoutbox if mail.to == [email]][-1]
    return links_in(mail)[0]


@pytest.fixture
def one_time_codes():
    """Give a user one-time codes, without the pages."""

    def give(user: User) -> Authenticator:
        return TOTP.activate(user, generate_totp_secret()).instance

    return give


def invite(email: str = "", by: User | None = None) -> tuple[str, Invitation]:
    """Make an invitation and return the path of its link, and its row."""
    invitation = Invitation(email=email)
    link = invitations.issue(invitation, by=by)
    return urlsplit(link).path, invitation


def ended(state: Invitation.State) -> str:
    """Return the link of an invitation that is over."""
    link, invitation = invite()
    now = timezone.now()
    changes = {
        Invitation.State.USED: {"used_at": now},
        Invitation.State.WITHDRAWN: {"withdrawn_at": now},
        Invitation.State.EXPIRED: {"expires_at": now},
    }
    Invitation.objects.filter(pk=invitation.pk).update(**changes[state])
    invitation.refresh_from_db()
    assert invitation.state == state
    return link


def without_tokens(page: str) -> str:
    """Return a page without what is each answer's own."""
    return re.sub(r"[A-Za-z0-9]{64}|nonce=\S+", "", page)
