"""The sign-ins that open streams came from: a stream ends with its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils import timezone

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


Opener = SignIn


def seal_of(user: User) -> str:
    """Return what a session of `user` is good with, and no longer than that."""
    return f"{user.password}{user.session_generation}"


def ended(sign_ins: Collection[SignIn]) -> set[SignIn]:
    """Return those that are over: signed out, expired, deactivated, another password.

    One query for all of them (for each 15,000, that is).
    """
    waiting, over = list(sign_ins), set[SignIn]()
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        over.update(_ended(batch))
    return over


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
