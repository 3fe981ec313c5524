"""A person's sessions: noted at sign-in, listed, and ended one by one or all."""

from __future__ import annotations

import time
from datetime import timedelta

from django.contrib.auth import HASH_SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.later import later
from accounts.models import BrowserSession, User
from accounts.session_store import SIGNED_IN_AT, ends_at
from accounts.visitors import address_of, browser_of

ROW = "browser_session"  # in the session: the id of its row
NOTE_USE_EVERY = 300.0  # seconds
# Programs that sign in anew each time leave a session each: the longest unused end.
MOST = 50
_MOST_NOTED = 10_000
# When this process last noted a session's use; another process may note it once more.
_noted: dict[int, float] = {}


def begin(request: HttpRequest, user: User) -> None:
    """Note a session that has just been signed in to, and end those beyond MOST."""
    session = request.session
    forget(request)
    if not session.session_key:
        session.save()
    row, _ = BrowserSession.objects.update_or_create(
        session_key=session.session_key,
        defaults={"user": user, "address": address_of(request), "browser": browser_of(request)},
    )
    session[ROW] = row.pk
    session[SIGNED_IN_AT] = int(timezone.now().timestamp())
    _noted[row.pk] = time.monotonic()
    _end_superfluous(user)


def _end_superfluous(user: User) -> None:
    rows = BrowserSession.objects.filter(user=user)
    longest_unused = rows.order_by("-last_used_at", "-pk").values_list("pk", flat=True)[MOST:]
    if superfluous := list(longest_unused):
        _delete(rows.filter(pk__in=superfluous))


def forget(request: HttpRequest) -> None:
    """Drop the row of a session that is being signed out of, if it has one."""
    BrowserSession.objects.filter(pk=_row_of(request)).delete()


def sessions_of(user: User) -> list[BrowserSession]:
    """Return the sessions that are still alive, the last used first."""
    rows = list(BrowserSession.objects.filter(user=user).order_by("-last_used_at"))
    stored = Session.objects.filter(
        session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now()
    )
    # A password that an operator set makes sessions invalid without deleting them.
    valid = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    alive = {one.session_key for one in stored if one.get_decoded().get(HASH_SESSION_KEY) in valid}
    return [row for row in rows if row.session_key in alive]


def end(user: User, row_id: int) -> None:
    """End one session of the user; anybody else's is left alone."""
    _delete(BrowserSession.objects.filter(user=user, pk=row_id))


def end_all(user: User) -> None:
    """End every session of the user, those without a row too."""
    user.session_generation += 1
    user.save(update_fields=["session_generation"])
    _delete(BrowserSession.objects.filter(user=user))


def end_others(request: HttpRequest, user: User) -> None:
    """End every session of the user but this one, which gets a new key."""
    user.session_generation += 1
    user.save(update_fields=["session_generation"])
    update_session_auth_hash(request, user)
    keep_only(request, user)


def keep_only(request: HttpRequest, user: User) -> None:
    """Drop the other sessions' rows after something (a new password) made them invalid."""
    row_id = _row_of(request)
    _delete(BrowserSession.objects.filter(user=user).exclude(pk=row_id))
    # Django gave this session a new key.
    kept = BrowserSession.objects.filter(user=user, pk=row_id)
    if not kept.update(session_key=request.session.session_key):
        begin(request, user)


def _row_of(request: HttpRequest) -> int:
    return int(request.session.get(ROW, 0))


def _delete(rows: QuerySet[BrowserSession]) -> None:
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()


def note_use(request: HttpRequest) -> None:
    """Note, every few minutes and after the answer, that this session is in use.

    Touches neither the database nor a session that nobody has read.
    """
    session = getattr(request, "session", None)
    if session is None or not session.accessed:
        return
    row_id = session.get(ROW)
    if row_id is None or time.monotonic() - _noted.get(row_id, -NOTE_USE_EVERY) < NOTE_USE_EVERY:
        return
    if len(_noted) > _MOST_NOTED:
        _noted.clear()
    _noted[row_id] = time.monotonic()
    later(store_use, row_id, session.session_key, address_of(request), browser_of(request))


def store_use(row_id: int, key: str | None, address: str | None, browser: str) -> None:
    """Write what `note_use` noted, and let the session go on for a while from now."""
    rows, now = BrowserSession.objects.filter(pk=row_id), timezone.now()
    # Its key is another one where Django renewed it after a change of the secret key.
    rows.update(last_used_at=now, address=address, browser=browser, session_key=key)
    for row in rows:
        stored = Session.objects.filter(session_key=row.session_key, expire_date__gt=now)
        stored.update(expire_date=ends_at(row.started_at))


def prune() -> None:
    """Delete sessions that have expired, and the rows of sessions that are gone."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    # A session may be stored a moment after its row.
    settled = BrowserSession.objects.filter(started_at__lt=timezone.now() - timedelta(hours=1))
    settled.exclude(session_key__in=Session.objects.values("session_key")).delete()
