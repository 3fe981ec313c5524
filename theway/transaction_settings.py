"""PostgreSQL's settings, given with every transaction instead of once with the connection.

A pooler in transaction mode (PgBouncer) refuses `options` in a connection, and behind it a
session's `SET` ends up at a connection that the next transaction does not use. What is set for
the transaction alone is in force wherever the transaction runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

# Everything else (CREATE DATABASE, VACUUM) may have to travel alone, and pays for nothing.
_DATA = re.compile(r"\s*\(?\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)


class SettingsCursor(ClientCursor[Any]):
    """A cursor that sends `settings` ahead of each statement that begins a transaction.

    Both travel in one message, so it costs no round trip. Without a transaction around it a
    statement is one of its own, and so are the settings before it (PostgreSQL, "Multiple
    Statements in a Simple Query").
    """

    settings: ClassVar[Mapping[str, str]] = {}

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        if not self._begins_transaction(query):
            super().execute(query, params, **options)
            return self
        super().execute(self._settings_sql() + query, params, **options)
        self.nextset()  # the first result is that of the settings
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        # psycopg would send these in a pipeline, which takes one statement at a time.
        for params in params_seq:
            self.execute(query, params, **options)

    def _begins_transaction(self, query: Any) -> bool:
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        is_text = isinstance(query, str)
        return is_text and (not self.connection.autocommit or bool(_DATA.match(query)))

    def _settings_sql(self) -> str:
        calls = (f"set_config('{name}', '{value}', true)" for name, value in self.settings.items())
        return f"SELECT {', '.join(calls)};\n"


def cursor_with(settings: Mapping[str, str]) -> type[SettingsCursor]:
    """Return the cursor class (psycopg's `cursor_factory`) for these settings."""
    return type("SettingsCursor", (SettingsCursor,), {"settings": settings})
