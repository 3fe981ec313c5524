"""ZIPs that are fetched from an address: asked for, whose turn it is, and how each ended.

No request waits for a stranger's server: it writes a row, and the worker does the rest
(`remote_taking.py`).
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from accounts import limits
from accounts.allowances import Limit
from accounts.models import User
from models_app.limits import FETCHING
from models_app.locks import locked, locked_owner
from models_app.models import ArchiveFetch, UserModel
from models_app.services import check_room
from providers.http import public

log = logging.getLogger(__name__)


class FetchRefusedError(Exception):
    """This fetch cannot be begun; `code` is for programs, the text says what helps."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotStartedError(Exception):
    """The training was not started, for good; the text says why."""


class NotYetError(Exception):
    """Nothing may be started in this moment; it is tried again."""


class LostError(Exception):
    """The fetch is somebody else's by now, or gone with its model."""


class Starter(Protocol):
    """What starts a training: a room above registers it."""

    def key_for(self, model: UserModel) -> str:
        """Return what makes every repetition of this start one and the same."""
        ...

    def start(self, model: UserModel, key: str) -> None:
        """Start the training; again with the same key does nothing.

        Raises NotStartedError, NotYetError and LimitReachedError.
        """
        ...


_starters: list[Starter] = []


def register(starter: Starter) -> None:
    """Have this start trainings, instead of any before."""
    _starters[:] = [starter]


def starter() -> Starter:
    return _starters[0]


@transaction.atomic
def fetch_archive(model: UserModel, *, url: str, start: bool) -> ArchiveFetch:
    """Have the ZIP at `url` fetched for a draft, and with `start` its training started then.

    The same again while it is under way is the same fetch. Raises AddressRefusedError,
    FetchRefusedError (`already_fetching`, `too_many_fetches`), NotEditableError, PhotoRefusedError
    where the draft has no room, and LimitReachedError.
    """
    public.check(url)
    person, current = locked_owner(model), locked(model)
    before = fetch_of(current)
    if before and not before.is_over:
        if (before.url, before.start_after) == (url, start):
            return before
        text = _("Another ZIP is being fetched for this model. Wait until its photos are here.")
        raise FetchRefusedError("already_fetching", text)
    _check_count(person)
    check_room(current)
    limits.require(person, Limit.PHOTOS)
    limits.require(person, Limit.STORAGE)
    if before:
        before.delete()
    key = starter().key_for(current) if start else ""
    return ArchiveFetch.objects.create(model=current, url=url, start_after=start, start_key=key)


def fetch_of(model: UserModel) -> ArchiveFetch | None:
    """Return the model's newest fetch, None where there was none."""
    return ArchiveFetch.objects.filter(model=model).first()


def due() -> list[str]:
    """Return the ids of the fetches to go on with now: one of each person, the longest waiting
    first, as many as there is room for."""
    held = _held().values_list("model__owner_id", flat=True)
    owners = Counter(held)
    found: list[str] = []
    for pk, owner_id in _due().values_list("pk", "model__owner_id"):
        if owners.total() >= FETCHING.at_once:
            break
        if not owners[owner_id]:
            owners[owner_id] += 1
            found.append(str(pk))
    return found


@transaction.atomic
def claim(fetch_id: UUID) -> ArchiveFetch | None:
    """Take a fetch; None where it is not due or has to wait. The owner is locked, so that a
    person's fetches follow each other."""
    owners = ArchiveFetch.objects.filter(pk=fetch_id).values_list("model__owner_id", flat=True)
    person = User.objects.select_for_update(no_key=True).filter(pk__in=list(owners)).first()
    held = _held()
    if held.filter(model__owner=person).exists() or held.count() >= FETCHING.at_once:
        return None
    fetch = _due().select_related("model__owner").filter(pk=fetch_id).first()
    if fetch is None:
        return None
    fetch.claim, fetch.status = uuid4(), ArchiveFetch.Status.FETCHING
    fetch.attempts, fetch.lease_until = fetch.attempts + 1, timezone.now() + FETCHING.lease
    fetch.save(update_fields=["claim", "status", "attempts", "lease_until"])
    return fetch


def write(fetch: ArchiveFetch, **changes: Any) -> None:
    """Store changes of a fetch that is still ours. Raises LostError where it is not."""
    if not ArchiveFetch.objects.filter(pk=fetch.pk, claim=fetch.claim).update(**changes):
        raise LostError
    vars(fetch).update(changes)


def renew(fetch: ArchiveFetch) -> None:
    """Prolong the lease of a fetch that is still ours. Raises LostError where it is not."""
    write(fetch, lease_until=timezone.now() + FETCHING.lease)


def put_off(fetch: ArchiveFetch, until: datetime, **changes: Any) -> None:
    """Give it back, to be gone on with at `until`. Raises LostError."""
    write(fetch, next_try_at=until, claim=None, lease_until=None, **changes)


def finish(fetch: ArchiveFetch) -> None:
    """Note that all of it is done. Raises LostError."""
    _end(fetch, ArchiveFetch.Status.DONE)


def fail(fetch: ArchiveFetch, code: str, text: str) -> None:
    """Note why it came to nothing, or its start did. Raises LostError."""
    log.info("fetch %s failed: %s", fetch.pk, code)
    _end(fetch, ArchiveFetch.Status.FAILED, code=code, error=text[:500])


def prune() -> None:
    """End what nobody could go on with for a day, as of an account that is switched off."""
    old = _unfinished().filter(created_at__lt=timezone.now() - FETCHING.keep)
    _give_up(old, "gave_up", _("This could not be fetched within a day."))


def end_after_restore() -> None:
    """End what would start a training by itself: after a database has come back older than it was,
    nobody can tell whether that was started and paid already."""
    text = _("The installation was restored from an earlier time. Check, then start it yourself.")
    _give_up(_unfinished().filter(start_after=True), "restored", text)


def _end(fetch: ArchiveFetch, status: ArchiveFetch.Status, **changes: Any) -> None:
    over = {"status": status, "finished_at": timezone.now(), "url": ""}
    write(fetch, claim=None, lease_until=None, **over, **changes)


def _give_up(fetches: QuerySet[ArchiveFetch], code: str, text: str) -> None:
    fetches.update(
        status=ArchiveFetch.Status.FAILED,
        finished_at=timezone.now(),
        url="",
        claim=None,
        lease_until=None,
        code=code,
        error=text,
    )


def _unfinished() -> QuerySet[ArchiveFetch]:
    return ArchiveFetch.objects.filter(
        status__in=[ArchiveFetch.Status.WAITING, ArchiveFetch.Status.FETCHING]
    )


def _held() -> QuerySet[ArchiveFetch]:
    now = timezone.now()
    return _unfinished().filter(lease_until__gt=now, lease_until__lte=now + FETCHING.lease)


def _due() -> QuerySet[ArchiveFetch]:
    now = timezone.now()
    is_free = Q(lease_until=None) | Q(lease_until__lte=now)
    is_free |= Q(lease_until__gt=now + FETCHING.lease)  # by a clock that was set back since
    ready = _unfinished().filter(is_free, next_try_at__lte=now, model__owner__is_active=True)
    return ready.order_by("next_try_at", "pk")


def _check_count(person: User) -> None:
    if _unfinished().filter(model__owner=person).count() < FETCHING.most_per_person:
        return
    text = ngettext(
        "%(count)d ZIP is still being fetched for you. Wait until it is here.",
        "%(count)d ZIPs are still being fetched for you. Wait until some are here.",
        FETCHING.most_per_person,
    )
    raise FetchRefusedError("too_many_fetches", text % {"count": FETCHING.most_per_person})
