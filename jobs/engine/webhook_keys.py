"""With what providers sign their webhooks: asked for now and then, kept encrypted.

The request that brings a webhook never calls out. Where no key fits, it says so here, and a
worker asks for newer ones, at most once a minute.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.db.models import F, Q

from accounts.encryption import cipher
from jobs import clock
from jobs.engine.provider_status import limits_heard
from jobs.models import WebhookKeys
from jobs.webhook_links import is_used, takes_webhooks
from providers import registry
from providers.errors import ProviderError

log = logging.getLogger(__name__)

# Asked for again before they are a day old; older ones may have been withdrawn.
REFRESH_AFTER = timedelta(hours=23)
TRUSTED_FOR = timedelta(hours=24)
AGAIN_AFTER = timedelta(minutes=1)
MOST_KEYS = 20
_PURPOSE = "jobs.webhook_keys"


def known(provider_key: str) -> tuple[str, ...]:
    """Return the keys that are now valid; none where they are not known, or too old."""
    since = clock.now() - TRUSTED_FOR
    row = WebhookKeys.objects.filter(provider=provider_key, read_at__gt=since).first()
    if row is None:
        return ()
    try:
        return tuple(json.loads(cipher(_PURPOSE).decrypt(row.sealed.encode())))
    except InvalidToken:
        return ()  # the secret key is another one since


def want(provider_key: str) -> None:
    """Have the keys asked for again soon: none is known that fits."""
    WebhookKeys.objects.get_or_create(provider=provider_key)
    is_new = Q(wanted_at=None) | Q(read_at__gt=F("wanted_at"))
    rows = WebhookKeys.objects.filter(is_new, provider=provider_key)
    rows.update(wanted_at=clock.now())


def due() -> list[str]:
    """Keys of providers that are to be asked for theirs now."""
    rows = {row.provider: row for row in WebhookKeys.objects.all()}
    asked = filter(takes_webhooks, registry.configured())
    return [key for key in asked if _is_due(key, rows.get(key))]


def _is_due(provider_key: str, row: WebhookKeys | None) -> bool:
    if row is None:
        return is_used(provider_key)
    if not _has_rested(row):
        return False
    if row.wanted_at and (row.read_at is None or row.wanted_at >= row.read_at):
        return True
    is_old = row.read_at is None or abs(clock.now() - row.read_at) > REFRESH_AFTER
    return is_old and is_used(provider_key)


def _has_rested(row: WebhookKeys) -> bool:
    # A clock that was set back must not stop it for longer.
    return row.tried_at is None or abs(clock.now() - row.tried_at) >= AGAIN_AFTER


def refresh(provider_key: str) -> None:
    """Ask a provider for its keys and store them. No answer leaves those of before."""
    row, _ = WebhookKeys.objects.get_or_create(provider=provider_key)
    asked_at, rows = clock.now(), WebhookKeys.objects.filter(provider=provider_key)
    # Of two workers that come together one asks.
    if not _has_rested(row) or not rows.filter(tried_at=row.tried_at).update(tried_at=asked_at):
        return
    try:
        with limits_heard(provider_key):
            keys = registry.get(provider_key).webhook_keys()[:MOST_KEYS]
    except ProviderError as error:
        log.warning("%s: the keys of its webhooks could not be read: %s", provider_key, error)
        return
    sealed = cipher(_PURPOSE).encrypt(json.dumps(keys).encode()).decode()
    rows.update(sealed=sealed, read_at=asked_at)
