"""What happens to the API's rows by itself."""

from __future__ import annotations

from celery import shared_task

from api import idempotency


@shared_task
def prune_idempotent_calls() -> None:
    """Forget calls that nobody repeats any more."""
    idempotency.prune()
