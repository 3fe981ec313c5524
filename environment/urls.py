"""Addresses: of sites, the database, the broker and the mail server.

A password in one may hold anything that is written as `%` and two digits (RFC 3986, 2.1); what is
not, and could be read in two ways, is refused. A `+` is a plus.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from environment.errors import UnfitError
from environment.hosts import host_of
from environment.values import Choice, Text, Variable, path_of

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<userinfo>[^/?#]*)@)?(?P<place>[^/?#@]*)"
    r"(?P<path>/[^?#@]*)?(?:\?(?P<query>[^#@]*))?"
)
_PLACE = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
Place = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """An address in its parts, decoded but for `path`. Texts are empty where there is none."""

    scheme: str
    user: str
    password: str
    place: str
    path: str
    query: dict[str, str]


@dataclass(frozen=True)
class Origin(Variable[str]):
    """The address of a site, as browsers write an origin."""

    what = "an address such as https://theway.example.org, without a path"

    def parse(self, text: str) -> str:
        address = _web_address(text)
        if address.count("/") > 2:
            raise ValueError
        return address


@dataclass(frozen=True)
class Address(Variable[str]):
    """The address of a service, perhaps with a path."""

    what = "an address such as https://host.example.org:8100, without a password"

    def parse(self, text: str) -> str:
        return _web_address(text)


# What may follow the `?`: the names that both who read the address, redis-py and kombu, know, and
# mean the same by. Any other ends in an exception once a connection is made.
_OPTIONS_OF_TLS: dict[str, Variable[str]] = {
    "ssl_cert_reqs": Choice("ssl_cert_reqs", words=("none", "optional", "required")),
    "ssl_ca_certs": Text("ssl_ca_certs"),
    "ssl_certfile": Text("ssl_certfile"),
    "ssl_keyfile": Text("ssl_keyfile"),
}


@dataclass(frozen=True)
class Redis(Variable[str]):
    """The address of a Redis, as its clients read it."""

    what = "an address such as redis://user:password@host:6379/0"

    def parse(self, text: str) -> str:
        parts = split(text.strip())
        host_and_port(parts.place)
        if parts.scheme not in {"redis", "rediss"} or not re.fullmatch(r"(/\d*)?", parts.path):
            raise ValueError
        for name, value in parts.query.items():
            if parts.scheme != "rediss" or name not in _OPTIONS_OF_TLS:
                known = ", ".join(_OPTIONS_OF_TLS)
                raise UnfitError(f"{self.what}; after a ? only rediss:// has options, {known}")
            if _OPTIONS_OF_TLS[name].parse(value) != value:  # its readers know no capitals
                raise ValueError
        return text.strip()


_MAIL = "django.core.mail.backends"
# By scheme: the port where none is given, and how the connection is made secret.
_SMTP: dict[str, tuple[int, dict[str, bool]]] = {
    "smtp": (25, {}),
    "smtp+tls": (587, {"EMAIL_USE_TLS": True}),
    "smtp+ssl": (465, {"EMAIL_USE_SSL": True}),
}
_WITHOUT_SERVER = {"consolemail": "console", "dummymail": "dummy", "filemail": "filebased"}


@dataclass(frozen=True)
class MailServer(Variable[dict[str, Any]]):
    """Django's EMAIL settings in one address."""

    what = (
        "smtp+tls://user:password@host:587 (STARTTLS), smtp+ssl:// (TLS from the start), smtp:// "
        "or consolemail://"
    )

    def parse(self, text: str) -> dict[str, Any]:
        parts = split(text.strip())
        if parts.query:
            raise ValueError
        if parts.scheme in _WITHOUT_SERVER:
            backend = f"{_MAIL}.{_WITHOUT_SERVER[parts.scheme]}.EmailBackend"
            return {"EMAIL_BACKEND": backend, **_mail_folder(parts)}
        if parts.scheme not in _SMTP or parts.path not in {"", "/"}:
            raise ValueError
        host, port = host_and_port(parts.place)
        default_port, security = _SMTP[parts.scheme]
        return {
            "EMAIL_BACKEND": f"{_MAIL}.smtp.EmailBackend",
            "EMAIL_HOST": host.strip("[]"),
            "EMAIL_PORT": port or default_port,
            "EMAIL_HOST_USER": parts.user,
            "EMAIL_HOST_PASSWORD": parts.password,
            **security,
        }


def _mail_folder(parts: Parts) -> dict[str, str]:
    """Return where mails are written, if to files: as with SQLite, four slashes for the root."""
    if (parts.scheme == "filemail") != (len(parts.path) > 1) or parts.place:
        raise ValueError
    return {"EMAIL_FILE_PATH": str(path_of(decoded(parts.path[1:])))} if parts.path else {}


def split(text: str) -> Parts:
    """Return the parts of an address. Raise ValueError where they are not clear."""
    found = _URL.fullmatch(text)
    if not found or not text.isprintable():
        raise ValueError
    user, _, password = (found["userinfo"] or "").partition(":")
    return Parts(
        scheme=found["scheme"].lower(),
        user=decoded(user),
        password=decoded(password),
        place=found["place"],
        path=found["path"] or "",
        query=_query(found["query"] or ""),
    )


def host_and_port(text: str) -> Place:
    """Return a host, IPv6 in brackets, and its port. Raise ValueError."""
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueError
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError
    return host_of(found["host"]), port


def name_of(address: str) -> str:
    """Return the host of an address that was read here, as `Hosts` writes it."""
    return host_and_port(split(address).place)[0]


def decoded(text: str) -> str:
    """Return the text without percent-escapes. Raise ValueError for a `%` that is none."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise UnfitError(_ESCAPES)
    return unquote(text, errors="strict")


_ESCAPES = (
    "an address in which special characters of user and password are written as escapes, % as %25, "
    "# as %23, / as %2F and @ as %40"
)


def _query(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, text.split("&")):
        name, equals, value = pair.partition("=")
        if not equals or not name or name in found:
            raise ValueError
        found[name] = decoded(value)
    return found


def _web_address(text: str) -> str:
    parts = split(text.strip())
    if parts.scheme not in _DEFAULT_PORTS or parts.user or parts.password or parts.query:
        raise ValueError
    if "@" in text or "?" in text or not re.fullmatch(r"[!-~]*", parts.path):
        raise ValueError
    host, port = host_and_port(parts.place)
    shown = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}{parts.path}".rstrip("/")
