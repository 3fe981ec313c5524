"""What came to the webhook addresses: counted, and where it was refused in the security log.

A line names provider, reason, client and size; nothing of a body, an address or a key.
"""

from __future__ import annotations

import logging

from django.db.models import F

from accounts import request_counts
from accounts.visitors import network_of_address
from jobs import clock
from jobs.models import WebhookCount

# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")

Outcome = WebhookCount.Outcome
# In a minute from one network: five thousand runs that begin and end within it.
REQUESTS = 10_000


def are_too_many(client: str) -> bool:
    """Count one more request of a client, and return whether its network sends too many: then
    nothing more is done about it."""
    return request_counts.count(f"webhooks-{network_of_address(client)}") > REQUESTS


def count(provider: str, outcome: str) -> None:
    """Count one more."""
    row = WebhookCount.objects.filter(provider=provider, outcome=outcome)
    changes = {"count": F("count") + 1, "last_at": clock.now()}
    if not row.update(**changes):
        new = WebhookCount(provider=provider, outcome=outcome)
        WebhookCount.objects.bulk_create([new], ignore_conflicts=True)
        row.update(**changes)


def refused(provider: str, outcome: str, *, client: str, size: int) -> None:
    """Count a refusal and write its line. Who keeps on writes one line a minute."""
    count(provider, outcome)
    who = f"webhook-{provider}-{outcome}-{network_of_address(client)}"
    if request_counts.count(who) <= 1:
        security_log.warning(
            "webhook refused provider=%s reason=%s from=%s size=%d", provider, outcome, client, size
        )


def not_ours(provider: str, job_id: object) -> None:
    """A verified webhook named a run that is none of the job's: count it and write a line."""
    count(provider, Outcome.NOT_OURS)
    security_log.warning(
        "webhook refused provider=%s reason=%s job=%s", provider, Outcome.NOT_OURS.value, job_id
    )
