"""What runs by itself."""

from __future__ import annotations

from celery import shared_task

from accounts import addresses, history, invitations, second_step, sessions, sign_up


@shared_task
def prune() -> None:
    """Delete what has expired (wishes, changes, sessions, history, invitations); renew secrets."""
    for room in (addresses, history, invitations, sessions, sign_up):
        room.prune()
    second_step.renew()
