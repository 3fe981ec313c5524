"""Asking, and what came of it: the answer, and what was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from tests.matrix.rows import COUNTS
from tests.matrix.world import Somebody

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
TOKEN = "a" * 32
# When and how a session was used: the only thing that looking at a page may write.
SESSIONS = {"django_session", "accounts_browsersession"}
_WRITTEN = re.compile(
    r'^(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE
)
_READING = re.compile(r"^(?:(?:SELECT|SAVEPOINT|RELEASE|ROLLBACK)\b|PRAGMA \w+$)", re.IGNORECASE)
# What differs from answer to answer: the token of a form, and what time it is here.
_TOKENS = re.compile(rb"""\b[A-Za-z0-9]{64}\b|name="server-time" content="\d+\"""")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    written: frozenset[str]  # tables

    @property
    def everything(self) -> bytes:
        """Return head and body, in lower case."""
        return repr(dict(self.headers)).encode().lower() + self.body.lower()

    def without(self, values: Mapping[str, object]) -> tuple[int, str, bytes]:
        """Return the answer without `values` and tokens, to be compared with another's."""
        location, body = self.headers.get("Location", ""), _TOKENS.sub(b"", self.body)
        for value in values.values():
            # A number is one only where it stands in an address.
            text = f"/{value}/" if isinstance(value, int) else str(value)
            for form in (text, quote(text), quote(text, safe="")):
                location, body = location.replace(form, "*"), body.replace(form.encode(), b"*")
        return self.status, location, body


@cache
def _client() -> Client:
    """One for all: building the chain of middleware takes longer than most answers."""
    return Client(enforce_csrf_checks=True)


def ask(
    somebody: Somebody, method: str, path: str, data: Mapping[str, object], *, has_token: bool
) -> Answer:
    """Ask as `somebody`. Raises what the site raises, which would be a 500."""
    client = _client()
    client.cookies = SimpleCookie({name: one.value for name, one in somebody.cookies.items()})
    extra: dict[str, Any] = {}
    if has_token:
        client.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
        extra["HTTP_X_CSRFTOKEN"] = TOKEN
    kind, body = "application/x-www-form-urlencoded", urlencode(data) if method == "POST" else ""
    with _watched() as written:
        response = client.generic(method, path, body, content_type=kind, **extra)
        content = b"".join(response) if response.streaming else response.content
    return Answer(response.status_code, response.headers, content, frozenset(written))


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _watched() -> Iterator[set[str]]:
    """Collect the tables that are written to, whether or not a row changes."""
    written: set[str] = set()

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if table := _WRITTEN.match(sql):
            written.update({table[1]} - COUNTS)
        elif not _READING.match(sql):
            written.add(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written
