"""Working off the outbox of deletions, provider by provider; each item costs only itself."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q, QuerySet

from jobs import clock
from jobs.engine.backoff import deletion_delay
from jobs.engine.isolation import isolated_part
from jobs.engine.provider_status import limits_heard
from jobs.models import JobQueue, RemoteDeletion
from jobs.states import UNFINISHED
from providers import registry
from providers.base import Provider
from providers.errors import (
    ProviderError,
    ProviderUnavailableError,
    UnexpectedReplyError,
    UnsupportedFeatureError,
)
from providers.types import RunRef, WorkKind

log = logging.getLogger(__name__)

BATCH = 50
# For one turn at a provider: longer than one call can last, which comes on top.
TIME_LIMIT = timedelta(seconds=30)
LEASE = timedelta(minutes=5)
# A run whose answer was lost may appear in a list so late.
APPEARS_WITHIN = timedelta(hours=1)
# Then only a person can help, and the operator's page says so.
GIVEN_UP_AFTER = timedelta(days=30)


class _NotYetError(Exception):
    """It cannot be deleted now, and nobody is to blame."""


def due_providers() -> list[str]:
    """Keys of providers where something is due and nobody is at it."""
    now = clock.now()
    waiting = RemoteDeletion.objects.filter(next_try_at__lte=now)
    at_work = RemoteDeletion.objects.filter(lease_until__gt=now)
    keys = waiting.exclude(provider__in=at_work.values("provider")).order_by()
    return list(keys.values_list("provider", flat=True).distinct())


def work_off(key: str) -> None:
    """Delete at one provider what is due there, as much as fits into one turn."""
    try:
        provider = registry.get(key)
    except ImproperlyConfigured:
        if item := _due(key).first():
            _put_off_with_others(item, "not_configured")
        return
    turn_ends_at = clock.now() + TIME_LIMIT
    for item in _due(key)[:BATCH]:
        if clock.now() > turn_ends_at:
            return
        with isolated_part(f"deletion {item.pk} at {key}"):
            if _is_claimed(item) and not _delete(provider, item):
                return


def _due(key: str) -> QuerySet[RemoteDeletion]:
    due = RemoteDeletion.objects.filter(provider=key, next_try_at__lte=clock.now())
    return due.order_by("next_try_at", "pk")


def _is_claimed(item: RemoteDeletion) -> bool:
    """Take an item, unless another worker was first. A crash lets it be tried again later."""
    until = clock.now() + LEASE
    free = RemoteDeletion.objects.filter(pk=item.pk, next_try_at=item.next_try_at)
    return bool(free.update(lease_until=until, next_try_at=until))


def _delete(provider: Provider, item: RemoteDeletion) -> bool:
    """Have one item deleted; return whether the provider can be asked about others now."""
    this = RemoteDeletion.objects.filter(pk=item.pk)
    try:
        _ask(provider, item)
    except UnsupportedFeatureError as error:
        this.update(next_try_at=None, lease_until=None, error_code=error.code)
        log.warning("%s %s stays at %s: it cannot be deleted there", item.kind, item, item.provider)
    except (ProviderUnavailableError, UnexpectedReplyError) as error:
        _put_off_with_others(item, error.code)
        return False
    except (ProviderError, _NotYetError) as error:
        _put_off(item, str(getattr(error, "code", "")))
    except Exception:
        _put_off(item, "internal")
        raise
    else:
        this.delete()
    return True


def _ask(provider: Provider, item: RemoteDeletion) -> None:
    if _is_needed(item):
        raise _NotYetError
    with limits_heard(provider.key):
        if item.kind == RemoteDeletion.Kind.DATASET:
            provider.delete_dataset(item.remote_id)
        elif run_id := item.remote_id or _look_up(provider, item):
            provider.delete_run(RunRef(run_id, WorkKind(item.kind), item.base_model))


def _look_up(provider: Provider, item: RemoteDeletion) -> str:
    """Return the id of a run that is known by its token only; "" where it surely never was."""
    run = provider.find_run(item.token, WorkKind(item.kind), _since(item))
    if run is None and clock.now() - item.requested_at < APPEARS_WITHIN:
        raise _NotYetError
    return run.id if run else ""


def _since(item: RemoteDeletion) -> datetime:
    return item.job.created_at if item.job else item.requested_at - APPEARS_WITHIN


def _is_needed(item: RemoteDeletion) -> bool:
    """Whether an unfinished job still works with it, or is about to fetch its result."""
    if not item.remote_id:
        return False
    jobs = JobQueue.objects.filter(provider=item.provider, status__in=sorted(UNFINISHED))
    if item.kind == RemoteDeletion.Kind.DATASET:
        return jobs.filter(result__dataset=item.remote_id).exists()
    return jobs.filter(Q(run_id=item.remote_id) | Q(payload__adopt_run=item.remote_id)).exists()


def _put_off_with_others(item: RemoteDeletion, code: str) -> None:
    """The provider does not answer: the next try of one item finds out whether it is back."""
    wait = deletion_delay(item.attempts + 1)
    _due(item.provider).order_by().update(next_try_at=clock.now() + wait)
    _put_off(item, code)


def _put_off(item: RemoteDeletion, code: str) -> None:
    """Try an item again later, or give up what was tried for a month."""
    attempts = item.attempts + 1
    next_try_at = None if _is_hopeless(item) else clock.now() + deletion_delay(attempts)
    if next_try_at is None:
        log.error("%s %s stays at %s: %s", item.kind, item, item.provider, code)
    RemoteDeletion.objects.filter(pk=item.pk).update(
        attempts=attempts, next_try_at=next_try_at, lease_until=None, error_code=code
    )


def _is_hopeless(item: RemoteDeletion) -> bool:
    return clock.now() - item.requested_at > GIVEN_UP_AFTER
