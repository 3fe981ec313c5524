"""What opened a stream, a session or a token: the stream ends with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils import timezone

from accounts import tokens
from accounts.models import User

# SQLite takes 32,766 values in one statement (limits of SQLite, 9), two for each sign-in.
BATCH = 15_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """One session of one person, under the password it was opened with."""

    session_key: str
    user_id: int
    password: int  # a hash of it and of the generation of sessions: enough to notice others

    @classmethod
    def of(cls, request: HttpRequest, user: User) -> SignIn:
        """Return the sign-in of a request that was found to be `user`'s."""
        return cls(request.session.session_key or "", user.pk, hash(seal_of(user)))


@dataclass(frozen=True, slots=True)
class TokenUse:
    """One personal token of one person, with which a program came."""

    token_id: UUID
    user_id: int

    @classmethod
    def of(cls, token: tokens.ApiToken) -> TokenUse:
        """Return the use of a token that a request was let in with."""
        return cls(token.pk, token.user_id)


Opener = SignIn | TokenUse


def seal_of(user: User) -> str:
    """Return what a session of `user` is good with, and no longer than that."""
    return f"{user.password}{user.session_generation}"


def ended(openers: Collection[Opener]) -> set[Opener]:
    """Return those that are over: signed out, expired, revoked, deactivated, another password.

    One query for all sessions and one for all tokens (for each 15,000, that is).
    """
    sign_ins = [one for one in openers if isinstance(one, SignIn)]
    uses = [one for one in openers if isinstance(one, TokenUse)]
    over = set[Opener]()
    for start in range(0, len(sign_ins), BATCH):
        over.update(_ended(sign_ins[start : start + BATCH]))
    for start in range(0, len(uses), BATCH):
        over.update(_used_up(uses[start : start + BATCH]))
    return over


def _used_up(uses: Collection[TokenUse]) -> set[TokenUse]:
    live = tokens.live_among({one.token_id for one in uses})
    return {one for one in uses if one.token_id not in live}


def _ended(sign_ins: Collection[SignIn]) -> set[SignIn]:
    keys = {one.session_key for one in sign_ins}
    people = {one.user_id for one in sign_ins}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    users = User.objects.filter(pk__in=people, is_active=True)
    seal = Concat("password", Cast("session_generation", CharField()), output_field=CharField())
    # Two kinds of rows in one answer; no session key looks like a person's number.
    rows = sessions.values_list("session_key", Value("", CharField())).union(
        users.values_list(Cast("pk", CharField()), seal), all=True
    )
    found = dict(rows)
    return {
        one
        for one in sign_ins
        if one.session_key not in found or hash(found.get(str(one.user_id))) != one.password
    }
