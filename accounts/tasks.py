"""What runs by itself."""

from __future__ import annotations

from celery import shared_task

from accounts import (
    addresses,
    errands,
    history,
    invitations,
    mail,
    passwords,
    second_step,
    sessions,
    sign_up,
    tokens,
)
from accounts.outgoing import endpoints, outbox

# Imported here, so that every worker knows all kinds of errands.
ERRANDS = (addresses, mail, passwords, sign_up)


@shared_task
def prune() -> None:
    """Delete what has expired: wishes, changes, sessions, history, invitations, lost mails,
    tokens, webhooks."""
    for room in (addresses, errands, history, invitations, outbox, sessions, sign_up, tokens):
        room.prune()
    second_step.renew()
    endpoints.renew()


@shared_task
def send_mails() -> None:
    """Send the mails that are due."""
    errands.work_off()
