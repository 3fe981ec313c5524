"""What runs by itself."""

from __future__ import annotations

from celery import shared_task

from accounts import addresses, history, invitations, sessions, sign_up


@shared_task
def prune() -> None:
    """Delete what has expired: unconfirmed wishes, changes, sessions, history, invitations."""
    for room in (addresses, history, invitations, sessions, sign_up):
        room.prune()
