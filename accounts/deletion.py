"""What of an account lies outside of its own row."""

from __future__ import annotations

import logging

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session

from accounts import errands, invitations
from accounts.models import SignUp, User

# In a session: what somebody typed after theirs had ended, each page with its `author`.
UNSAVED_ANSWERS = "unsaved_answers"


# Lines of `theway.security_log`, a room above this one.
security_log = logging.getLogger("theway.security")


class LastOperatorError(Exception):
    """Without this account nobody could operate the installation."""


def require_another_operator(user: User) -> None:
    """Raise LastOperatorError for the only active superuser."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise LastOperatorError


def delete_account_row(user: User) -> None:
    """Delete a user with addresses, sessions, invitations and what the admin's log says."""
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=kind, object_id=str(user.pk)).delete()
    invitations.forget(user)
    SignUp.objects.filter(email=user.email).delete()
    _delete_sessions(user.pk)
    errands.forget(user.email)
    security_log.info("account deleted account=%s", user.pk)
    user.delete()


def _delete_sessions(user_id: int) -> None:
    """Delete a user's sessions, and signed-out ones that keep an answer of theirs."""
    for session in Session.objects.iterator():
        data = session.get_decoded()
        authors = {page.get("author") for page in data.get(UNSAVED_ANSWERS, {}).values()}
        if data.get(SESSION_KEY) == str(user_id) or user_id in authors:
            session.delete()
