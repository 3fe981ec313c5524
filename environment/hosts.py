"""Values that name machines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formataddr
from ipaddress import IPv6Address, ip_address, ip_network

from environment.values import Variable, parts_of

_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
                   r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?")  # fmt: skip
_MAILBOX = re.compile(r"(?:(?P<name>[^<>]*)<)?(?P<address>[^\s<>@,;:\"]+@[^\s<>@,;:\"]+)>?")


@dataclass(frozen=True)
class Host(Variable[str]):
    """Where to listen."""

    what = "a name or an address of this machine, without a port"

    def parse(self, text: str) -> str:
        return host_of(text.strip()).strip("[]")


@dataclass(frozen=True)
class Hosts(Variable[list[str]]):
    """Names that a site answers to: `.example.org` with subdomains, `*` for all."""

    what = "names of hosts without scheme and port, separated by commas"

    def parse(self, text: str) -> list[str]:
        return [self._host(part) for part in parts_of(text)]

    def _host(self, text: str) -> str:
        if text == "*":
            return text
        dot = "." if text.startswith(".") else ""
        return dot + host_of(text.removeprefix("."))


@dataclass(frozen=True)
class Networks(Variable[list[str]]):
    """Machines by their addresses."""

    what = "addresses or networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas"

    def parse(self, text: str) -> list[str]:
        for part in parts_of(text):
            ip_network(part)  # what has bits beside its network would never match
        return parts_of(text)


@dataclass(frozen=True)
class Places(Variable[tuple[str, ...]]):
    """Services by host and port."""

    what = "hosts with their ports such as 192.168.1.5:5678 or nas.lan:80, separated by commas"

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(self._place(part) for part in parts_of(text))

    def _place(self, text: str) -> str:
        host, _colon, port = text.rpartition(":")
        if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65_535:
            raise ValueError
        return f"{host_of(host)}:{port}"


@dataclass(frozen=True)
class Mailbox(Variable[str]):
    """Who mails come from."""

    what = "an address such as TheWay <theway@example.org>"

    def parse(self, text: str) -> str:
        found = _MAILBOX.fullmatch(text.strip())
        if not found or not text.isprintable() or ("<" in text) != text.rstrip().endswith(">"):
            raise ValueError
        name = (found["name"] or "").strip().strip('"')
        return formataddr((name, found["address"]), "utf-8") if name else found["address"]


def host_of(text: str) -> str:
    """Return a name, an IPv4 address or an IPv6 address in brackets, in lower case.

    Raise ValueError for anything else.
    """
    bare = text.removeprefix("[").removesuffix("]")
    if ":" in bare or bare != text:
        return f"[{IPv6Address(bare)}]"
    name = _ascii(text).lower()
    if not _NAME.fullmatch(name):
        raise ValueError
    if re.fullmatch(r"[0-9.]+", name):
        ip_address(name)
    return name


def _ascii(name: str) -> str:
    """Return a name as it is asked for: `münchen.example` is `xn--mnchen-3ya.example`."""
    return name if name.isascii() else name.encode("idna").decode()
