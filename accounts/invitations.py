"""Invitations: how people come in where sign-up is closed.

Only a hash of a link's token is kept, so the link is shown once, to whoever makes it. An
invitation is used up by the account it leads to, in the same transaction: asking for an account,
a taken address and an address that nobody confirms leave it as it was.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import mail, policy
from accounts.models import Invitation, User

EXPIRES = timedelta(days=7)
LONGEST = timedelta(days=90)
# After its end, for operators who ask who came in how.
KEPT_FOR = timedelta(days=30)
_TOKEN_BYTES = 32

# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")


class InvitationOverError(Exception):
    """Somebody else used the invitation, or an operator withdrew it."""


def issue(invitation: Invitation, *, lasts: timedelta = EXPIRES, by: User | None = None) -> str:
    """Store a new invitation and return its link, which nobody can read again."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation.token_hash = _hash_of(token)
    invitation.created_by = by
    invitation.expires_at = invitation.created_at + lasts
    invitation.save(force_insert=True)
    security_log.info("invitation made id=%s by=%s", invitation.pk, by.pk if by else "terminal")
    return mail.absolute(reverse("account_invitation", args=[token]))


def is_mailed(invitation: Invitation) -> bool:
    """Return whether the link also goes to the invited address."""
    return bool(invitation.email and settings.MAIL_IS_SET_UP)


def send(invitation: Invitation, link: str) -> None:
    """Have the link sent to the invited address; it is kept until then (`accounts.errands`)."""
    context = {"link": link, "until": invitation.expires_at}
    mail.send("account/email/invitation", invitation.email, context)


def open_invitation(token: str) -> Invitation | None:
    """Return what a link stands for; None for every link that leads to no account any more."""
    found = Invitation.objects.filter(token_hash=_hash_of(token)).first()
    if found is None or found.state is not Invitation.State.OPEN:
        return None
    # Made while mail was set up, for nobody in particular.
    nobody_vouches = policy.invitations_name_an_address() and not found.email
    return None if nobody_vouches else found


def use(invitation: Invitation, user: User) -> None:
    """Use it up for a new account. Raises InvitationOverError: then there must be no account.

    To be called in the transaction that makes the account. Whether it has expired was asked when
    the person came with the link.
    """
    left = Invitation.objects.filter(pk=invitation.pk, used_at=None, withdrawn_at=None)
    if not left.update(used_at=timezone.now(), used_by=user):
        raise InvitationOverError
    security_log.info("invitation used id=%s account=%s", invitation.pk, user.pk)


def withdraw(invitation: Invitation, *, by: User) -> bool:
    """End an invitation; return False for one that is used or withdrawn already."""
    left = Invitation.objects.filter(pk=invitation.pk, used_at=None, withdrawn_at=None)
    if not left.update(withdrawn_at=timezone.now()):
        return False
    security_log.info("invitation withdrawn id=%s by=%s", invitation.pk, by.pk)
    return True


def forget(user: User) -> None:
    """Delete the invitations that say something about a person."""
    Invitation.objects.filter(Q(email=user.email) | Q(used_by=user)).delete()


def prune() -> None:
    """Delete what ended long ago."""
    Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT_FOR).delete()


def _hash_of(token: str) -> str:
    # 32 random bytes cannot be guessed from their hash: neither salt nor a slow hash is needed.
    return hashlib.sha256(token.encode()).hexdigest()
