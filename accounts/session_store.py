"""Where sessions are kept: Django's table, asked only for keys that can be in it."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

KEY_LENGTH = 32  # what Django makes


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: Any) -> bool:
        """Return whether Django may have made this key.

        A cookie may hold any character, and PostgreSQL takes no NUL: the query would fail.
        """
        text = str(key or "")
        return len(text) == KEY_LENGTH and set(text) <= set(VALID_KEY_CHARS)
