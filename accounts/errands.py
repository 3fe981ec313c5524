"""Mails are sent by the worker: kept in the database, tried again, given up after a stated time.

A page writes one row and answers, whether or not there is such an account and however the mail
server is. One worker at a time sends, so that a server that never answers holds up one thread.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.mentions import mention_of
from accounts.models import Errand

logger = logging.getLogger(__name__)

Work = TypeVar("Work", bound=Callable[..., object])
USEFUL_FOR = timedelta(days=1)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=10)
# Longer than the mail server may take to say no (EMAIL_TIMEOUT, for each of a few steps).
LEASE = timedelta(seconds=60)
# Failing for so long is no hiccup.
WORRYING_AFTER = timedelta(minutes=5)
KEPT_FOR = timedelta(days=30)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of errand: what is done, for how long that is of use, and whether it can be
    undone as long as it is not committed (a mail cannot)."""

    work: Callable[..., object]
    useful_for: timedelta
    is_final: bool


KINDS: dict[str, Kind] = {}


def errand(*, useful_for: timedelta = USEFUL_FOR, is_final: bool = False) -> Callable[[Work], Work]:
    """Decorate work that `later` keeps in the database and the worker does. Its arguments are
    texts there; an address comes first."""

    def register(work: Work) -> Work:
        KINDS[work.__name__] = Kind(work, useful_for, is_final)
        return work

    return register


def is_kept(work: Callable[..., object]) -> bool:
    kind = KINDS.get(getattr(work, "__name__", ""))
    return kind is not None and kind.work is work


def keep(work: Callable[..., object], args: tuple[Any, ...]) -> None:
    """Write down that `work(*args)` is to be done. Raises DatabaseError."""
    arguments = [str(one) for one in args]
    email = arguments[0] if arguments and "@" in arguments[0] else ""
    until = timezone.now() + KINDS[work.__name__].useful_for
    Errand.objects.create(work=work.__name__, arguments=arguments, email=email, useful_until=until)


def due() -> QuerySet[Errand]:
    """Return what may be tried now; nothing while somebody is at it.

    What lies further ahead than anything is ever put off was written under a clock that has been
    set back since: it is due.
    """
    now = timezone.now()
    if Errand.objects.filter(lease_until__gt=now, lease_until__lte=now + LEASE).exists():
        return Errand.objects.none()
    is_due = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + LONGEST_WAIT)
    return Errand.objects.filter(is_due).order_by("next_try_at", "pk")


def given_up() -> QuerySet[Errand]:
    return Errand.objects.exclude(given_up_at=None)


def current_error() -> str:
    """Return why mails have not left for minutes; "" where they leave."""
    since = timezone.now() - WORRYING_AFTER
    failing = Errand.objects.filter(given_up_at=None, attempts__gt=1, created_at__lt=since)
    return failing.values_list("error", flat=True).order_by("created_at").first() or ""


def work_off() -> None:
    """Do what is due, the longest waiting first, until the mail server fails."""
    for _count in range(BATCH):
        one = due().first()
        if one is None or not _claim(one):
            return
        try:
            _do(one)
        except Exception as error:
            if _note_failure(one, error):
                return


def prune() -> None:
    """Delete what was given up long ago."""
    Errand.objects.filter(given_up_at__lt=timezone.now() - KEPT_FOR).delete()


def forget(email: str) -> None:
    """Delete what waits for an address whose account is gone, and mails to others that name it."""
    mention = mention_of(email)
    naming = [
        one.pk for one in Errand.objects.iterator() if any(map(mention.search, one.arguments))
    ]
    Errand.objects.filter(pk__in=naming).delete()


def _claim(one: Errand) -> bool:
    row = Errand.objects.filter(pk=one.pk, attempts=one.attempts, lease_until=one.lease_until)
    one.attempts += 1
    return bool(row.update(lease_until=timezone.now() + LEASE, attempts=one.attempts))


def _do(one: Errand) -> None:
    kind = KINDS[one.work]
    # One change: the mails that it leads to, and that it is done.
    with nullcontext() if kind.is_final else transaction.atomic():
        kind.work(*one.arguments)
        Errand.objects.filter(pk=one.pk).delete()


def _note_failure(one: Errand, error: Exception) -> bool:
    """Put it off or give it up; return whether the mail server is to blame."""
    now, kind = timezone.now(), type(error).__name__
    row = Errand.objects.filter(pk=one.pk)
    is_servers = isinstance(error, OSError) and not _is_about_one_address(error)
    wait = min(FIRST_RETRY * 2 ** min(one.attempts - 1, 10), LONGEST_WAIT)
    if _is_no_address(error):
        row.delete()  # a typo of somebody's, no fault of the installation
        logger.info("a mail was refused for good: its address does not exist")
    elif now + wait > one.useful_until:
        gone: dict[str, Any] = {
            "arguments": [],
            "email": "",
            "next_try_at": None,
            "lease_until": None,
        }
        row.update(given_up_at=now, error=kind, **gone)
        logger.error("a mail is given up after %s attempts: %s", one.attempts, kind)
    else:
        row.update(next_try_at=now + wait, lease_until=None, error=kind)
        logger.warning("a mail could not be sent and is tried again: %s", kind)
    if is_servers:
        # The others would wait for the same answer, one after the other.
        Errand.objects.filter(next_try_at__lte=now + wait).update(next_try_at=now + wait)
    return is_servers


def _is_about_one_address(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPRecipientsRefused)


def _is_no_address(error: Exception) -> bool:
    """Whether the server says for good (5xx) that there is no such mailbox (RFC 5321, 4.2.1)."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(500 <= code < 600 for code, _text in error.recipients.values())
