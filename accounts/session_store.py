"""Where sessions are kept: Django's table, asked only for keys that can be in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils import timezone

SIGNED_IN_AT = "signed_in_at"  # in the session: seconds since 1970
KEY_LENGTH = 32  # what Django makes


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: Any) -> bool:
        """Return whether Django may have made this key.

        A cookie may hold any character, and PostgreSQL takes no NUL: the query would fail.
        """
        text = str(key or "")
        return len(text) == KEY_LENGTH and set(text) <= set(VALID_KEY_CHARS)

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when the row ends if nobody uses the session from now on."""
        if kwargs or self.get("_session_expiry"):
            return super().get_expiry_date(**kwargs)
        since = self.get(SIGNED_IN_AT)
        return ends_at(since and datetime.fromtimestamp(since, tz=UTC))


def ends_at(signed_in_at: datetime | None) -> datetime:
    """Return when a session ends that is used now."""
    now = timezone.now()
    last = (signed_in_at or now) + settings.SESSION_LONGEST
    return min(now + settings.SESSION_IDLE, last)
