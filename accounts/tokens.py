"""Making, checking and revoking personal tokens.

A token is 256 random bits, so a plain hash of it is as good as a slow one (OWASP ASVS 5.0, 11.4):
there is nothing to guess. It is shown once, by whoever calls `make`, and kept nowhere.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import limits, policy, program_calls, request_counts
from accounts.api_token import ApiToken as ApiToken
from accounts.later import later
from accounts.models import User

# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")
# Scanners that look for secrets in code find it by this.
PREFIX = "tw_"
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
MOST = 50
NOTE_USE_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=90)


class TooManyTokensError(Exception):
    """A person has as many live tokens as anybody may have; the text says what helps."""

    def __init__(self) -> None:
        text = _("You have %(count)d tokens, which is as many as you may. Revoke one first.")
        super().__init__(text % {"count": MOST})


class AlreadyMadeError(Exception):
    """This press of the button has made its token before; it is not shown again."""


@transaction.atomic
def make(
    user: User,
    *,
    name: str,
    scope: str,
    expires_in: timedelta | None,
    token_id: UUID | None = None,
) -> tuple[ApiToken, str]:
    """Make a token; return its row, and the token itself, which is kept nowhere.

    Raises AlreadyMadeError for a `token_id` that there is, and TooManyTokensError.
    """
    person = limits.lock(user.pk)
    if token_id and ApiToken.objects.filter(pk=token_id).exists():
        raise AlreadyMadeError
    if live_tokens_of(person).count() >= MOST:
        raise TooManyTokensError
    raw = PREFIX + secrets.token_urlsafe(32)
    ends = timezone.now() + expires_in if expires_in else None
    token = ApiToken.objects.create(
        id=token_id or uuid4(),
        user=person,
        name=name,
        scope=scope,
        token_hash=_hash(raw),
        hint=raw[-4:],
        expires_at=ends,
    )
    security_log.info("token made account=%s token=%s scope=%s", person.pk, token.pk, scope)
    return token, raw


def revoke(token: ApiToken, *, by: User) -> bool:
    """End a token at once; return whether it had not ended by itself or by somebody before."""
    if not live_tokens_of(token.user).filter(pk=token.pk).update(revoked_at=timezone.now()):
        return False
    security_log.info("token revoked account=%s token=%s by=%s", token.user_id, token.pk, by.pk)
    return True


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's tokens, those that ended lately too, the newest first."""
    return ApiToken.objects.filter(user=user)


def live_tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the person's tokens that count."""
    is_left = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(is_left, user=user, revoked_at=None)


def is_in(authorization: str) -> bool:
    """Whether the header Authorization is for us: other schemes are for a proxy in front, which may
    pass its own password on."""
    return authorization.partition(" ")[0].lower() == "bearer"


def sent_in(authorization: str) -> str:
    """Return what may be a token in the header Authorization; "" for another scheme."""
    return authorization.partition(" ")[2].strip() if is_in(authorization) else ""


def key_of(authorization: str) -> str:
    """Return by what a header is counted: the same for the same token however the header is
    written, and no secret."""
    return _hash(sent_in(authorization) or authorization)[:32]


def authenticate(raw: str, *, address: str) -> ApiToken | None:
    """Return the live token that `raw` is, with its user, and note its use; None for any other.

    Not for an account that is switched off, or an operator's that lacks a second step.
    """
    found = _find(raw)
    if reason := _why_not(found):
        program_calls.refused(reason, token=found, address=address)
        return None
    if found is not None:
        _note_use(found, address)
    return found


def _find(raw: str) -> ApiToken | None:
    if not _FORM.fullmatch(raw):
        return None
    return ApiToken.objects.select_related("user").filter(token_hash=_hash(raw)).first()


def _why_not(token: ApiToken | None) -> str:
    """Return why a token does not count, as the security log has it; "" where it does."""
    if token is None:
        return "unknown"
    if token.revoked_at:
        return "revoked"
    if not token.is_live:
        return "ended"
    if not token.user.is_active:
        return "account-off"
    return "no-second-step" if policy.lacks_second_step(token.user) else ""


def live_among(ids: Collection[UUID]) -> set[UUID]:
    """Return those of these tokens with which a program would be let in now; one query."""
    found = ApiToken.objects.select_related("user").filter(pk__in=ids)
    return {token.pk for token in found if not _why_not(token)}


def prune() -> None:
    """Delete tokens that ended long ago."""
    before = timezone.now() - KEPT_FOR
    ApiToken.objects.filter(Q(revoked_at__lt=before) | Q(expires_at__lt=before)).delete()


def _hash(raw: str) -> str:
    return hashlib.sha256(raw.encode()).hexdigest()


def _note_use(token: ApiToken, address: str) -> None:
    """Have its use written, once a minute and after the answer: reading must not write."""
    now = timezone.now()
    is_noted = token.last_used_at is not None and now - token.last_used_at < NOTE_USE_EVERY
    # Of many calls at once the first writes it; the others cannot see that yet.
    if not is_noted and request_counts.count(f"token-use-{token.pk}") <= 1:
        later(store_use, token.pk, now, _address(address))


def store_use(token_id: UUID, at: datetime, address: str | None) -> None:
    """Write when and from where a token was used."""
    ApiToken.objects.filter(pk=token_id).update(last_used_at=at, last_used_from=address)


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
