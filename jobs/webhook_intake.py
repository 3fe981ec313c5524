"""Taking a webhook in: verified, stored once, answered. No provider is called meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.http import Http404

from jobs import clock, webhook_log
from jobs.dispatch import dispatch_on_commit
from jobs.engine import webhook_keys
from jobs.models import JobQueue, WebhookReceipt
from jobs.tasks import poll_provider
from jobs.webhook_links import MOST_BYTES, correlation_of, takes_webhooks
from jobs.webhook_log import Outcome
from models_app.texts import is_storable
from providers import registry
from providers.errors import (
    MISSHAPEN,
    InvalidWebhookError,
    StaleWebhookError,
    WrongSignatureError,
)
from providers.types import Webhook

_ID_LIMIT = WebhookReceipt._meta.get_field("run_id").max_length or 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a provider's webhook address."""

    provider: str
    token: str  # what stands in the address
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    client: str


class RefusedError(Exception):
    """It changes nothing; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.label)
        self.outcome = outcome


def provider_of(token: str) -> str:
    """Return whose run an address of ours is about; "" where it is not ours."""
    jobs = JobQueue.objects.filter(correlation=correlation_of(token))
    return jobs.values_list("provider", flat=True).first() or ""


def take_in(delivery: Delivery) -> None:
    """Store a verified webhook once, however often it comes, and wake who handles it.

    Raises `RefusedError`, counted and written down, and `Http404` for what is no provider that
    sends any.
    """
    if not takes_webhooks(delivery.provider):
        raise Http404("No such provider")
    try:
        job, webhook = _verified(delivery)
    except RefusedError as refusal:
        webhook_log.refused(
            delivery.provider, refusal.outcome, client=delivery.client, size=len(delivery.body)
        )
        raise
    _store(delivery.provider, job, webhook)


def _verified(delivery: Delivery) -> tuple[JobQueue, Webhook]:
    """What costs least comes first: a stranger's request is refused before anything is read."""
    if delivery.provider not in registry.configured():
        raise RefusedError(Outcome.PROVIDER_OFF)
    correlation = correlation_of(delivery.token)
    if not correlation:
        raise RefusedError(Outcome.FORGED_ADDRESS)
    if len(delivery.body) > MOST_BYTES:
        raise RefusedError(Outcome.TOO_LARGE)
    webhook = _signed(delivery)
    job = JobQueue.objects.filter(provider=delivery.provider, correlation=correlation).first()
    if job is None:
        raise RefusedError(Outcome.UNKNOWN_JOB)
    return job, webhook


def _signed(delivery: Delivery) -> Webhook:
    keys = webhook_keys.known(delivery.provider)
    if not keys:
        webhook_keys.want(delivery.provider)
        raise RefusedError(Outcome.NO_KEYS)
    provider = registry.get(delivery.provider)
    try:
        webhook = provider.parse_webhook(delivery.headers, delivery.body, keys, clock.now())
    except WrongSignatureError:
        webhook_keys.want(delivery.provider)
        raise RefusedError(Outcome.WRONG_SIGNATURE) from None
    except StaleWebhookError:
        raise RefusedError(Outcome.STALE) from None
    except (InvalidWebhookError, *MISSHAPEN):
        raise RefusedError(Outcome.MALFORMED) from None
    if not _is_id(webhook.run_id) or not _is_id(webhook.delivery_id):
        raise RefusedError(Outcome.MALFORMED)
    return webhook


def _is_id(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _ID_LIMIT and is_storable(text)


@transaction.atomic
def _store(provider_key: str, job: JobQueue, webhook: Webhook) -> None:
    now = clock.now()
    _receipt, is_new = WebhookReceipt.objects.get_or_create(
        provider=provider_key,
        delivery_id=webhook.delivery_id,
        defaults={"job": job, "run_id": webhook.run_id, "received_at": now, "next_try_at": now},
    )
    webhook_log.count(provider_key, Outcome.TAKEN if is_new else Outcome.REPEATED)
    if is_new:
        dispatch_on_commit(poll_provider, provider_key)
