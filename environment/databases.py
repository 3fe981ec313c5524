"""The database's address as Django's settings of one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from environment.errors import UnfitError
from environment.urls import Parts, decoded, host_and_port, split
from environment.values import Flag, Number, Variable, path_of

# What may follow the `?` and is Django's own; the rest goes to libpq.
_DJANGOS: dict[str, Variable[Any]] = {
    "conn_max_age": Number("conn_max_age", high=86_400),
    "conn_health_checks": Flag("conn_health_checks"),
    "disable_server_side_cursors": Flag("disable_server_side_cursors"),
}
# libpq's names of what the address itself can say.
_NAMES = {
    "dbname": "NAME",
    "user": "USER",
    "password": "PASSWORD",
    "host": "HOST",
    "port": "PORT",
}


@dataclass(frozen=True)
class Database(Variable[dict[str, Any]]):
    """PostgreSQL, or a file of SQLite's."""

    what = (
        "postgres://user:password@host:5432/name or sqlite:////folder/file, with special "
        "characters of user, password and path written as escapes (@ as %40, # as %23)"
    )

    def parse(self, text: str) -> dict[str, Any]:
        parts = split(text.strip())
        if parts.scheme == "sqlite":
            return _sqlite(parts)
        if parts.scheme in {"postgres", "postgresql"}:
            return _postgresql(parts)
        raise ValueError


def _sqlite(parts: Parts) -> dict[str, Any]:
    if parts.place or parts.user or parts.query or parts.path in {"", "/"}:
        raise ValueError
    decoded(parts.path)  # a `%` that is no escape
    name = os.fsdecode(unquote_to_bytes(parts.path[1:]))
    if name.startswith(":"):  # within memory, of each process alone
        raise ValueError
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path_of(name))}


def _postgresql(parts: Parts) -> dict[str, Any]:
    host, port = _places(parts.place)
    found: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": decoded(parts.path[1:]),
        "USER": parts.user,
        "PASSWORD": parts.password,
        "HOST": host,
        "PORT": port,
        "OPTIONS": {},
    }
    for name, value in parts.query.items():
        _set_option(found, name, value)
    if not found["NAME"] or "/" in found["NAME"]:
        raise ValueError
    return found


def _set_option(found: dict[str, Any], name: str, value: str) -> None:
    if name.lower() in _DJANGOS:
        found[name.upper()] = _DJANGOS[name.lower()].parse(value)
    elif name in _NAMES:
        found[_NAMES[name]] = value
    elif name in _options_of_libpq():
        found["OPTIONS"][name] = value
    else:
        raise UnfitError("an address whose options, after the ?, PostgreSQL knows")


def _options_of_libpq() -> set[str]:
    """The names that this machine's libpq takes, from itself (PQconndefaults)."""
    from psycopg.pq import Conninfo

    return {option.keyword.decode() for option in Conninfo.get_defaults()}


def _places(text: str) -> tuple[str, str]:
    """Return host and port as libpq writes them: with commas where there are several.

    A socket's folder stands as `%2Frun%2Fpostgresql`; nothing at all is the default one.
    """
    if not text:
        return "", ""
    socket = re.fullmatch(r"(?P<folder>%2F[^:,]*)(?::(?P<port>\d{1,5}))?", text, re.IGNORECASE)
    if socket:
        return decoded(socket["folder"]), socket["port"] or ""
    places = [host_and_port(one) for one in text.split(",")]
    ports = [str(port or "") for _, port in places]
    return ",".join(host.strip("[]") for host, _ in places), ",".join(ports).strip(",")
