"""Telling one row that others hold from a database that is away."""

from __future__ import annotations

from django.db import OperationalError

# PostgreSQL, after lock_timeout (its documentation, appendix A).
LOCK_NOT_AVAILABLE = "55P03"


def is_row_locked(error: OperationalError) -> bool:
    """Whether one row was waited for in vain, which says nothing about the others."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
