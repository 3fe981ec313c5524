"""Which addresses belong to the public internet, and connections that go nowhere else.

A name can resolve differently twice. So it is resolved once for a connection, every address that
it has is judged, and the socket goes to one of those; Host, SNI and certificate stay the name's.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Sequence
from functools import partial
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any

from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util import Url, parse_url

from providers.http.public_errors import AddressRefusedError
from providers.http.session import TimedAdapter

MAX_HEAD_BYTES = 64 * 1024
MOST_TRIED = 4  # addresses of one name
# What is assigned to the internet's hosts (iana.org/assignments/ipv6-address-space): not addresses
# that stand for IPv4 ones (::ffff:0:0/96, ::/96), which no name on the internet has.
_HOSTS = IPv6Network("2000::/3")
# Within it: Teredo and others for protocols, documentation (RFC 3849, RFC 9637), 6to4 (RFC 7526).
_NOT_HOSTS = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16")]
# The one IPv4 address in another that is in use: how networks with IPv6 alone reach it (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# They look public and lead inside: metadata of Azure and Oracle's cloud, the old relays of 6to4.
_INSIDE = [
    ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")
]

Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to a host of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip in _NAT64:
        ip = IPv4Address(int(ip) & 0xFFFFFFFF)
    if isinstance(ip, IPv6Address):
        is_host = ip in _HOSTS and not any(ip in network for network in _NOT_HOSTS)
    else:
        is_host = not any(ip in network for network in _INSIDE)
    return is_host and ip.is_global and not ip.is_multicast


def parsed(url: str) -> Url:
    """Parse with the parser that will also send: two parsers can disagree on the host.

    Raises AddressRefusedError.
    """
    if not url.isascii() or not url.isprintable() or "\\" in url:
        raise AddressRefusedError(_("The address has odd characters."))
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise AddressRefusedError(_("This is not an address.")) from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise AddressRefusedError(_("This is not an address of the web."))
    if parts.auth is not None:
        raise AddressRefusedError(_("The address must not hold a user's name or password."))
    return parts


def require_https(parts: Url) -> None:
    """Raise AddressRefusedError for another scheme."""
    if parts.scheme != "https":
        raise AddressRefusedError(_("The address does not begin with https."))


def resolved(host: str, port: int) -> Sequence[Found]:
    """Return where a name leads, every address of it being public.

    Raises AddressRefusedError, and OSError where nobody knows the name.
    """
    found = _looked_up(host, port)
    if not found or not all(is_public(str(one[4][0])) for one in found):
        raise AddressRefusedError(_("The address is not a public address."))
    return found


def _looked_up(host: str, port: int) -> Sequence[Found]:
    try:
        return socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise AddressRefusedError(_("The address is not that of a host.")) from None


class HeadTooLargeError(HTTPException):
    """The head of an answer has more bytes than any server needs."""


class _Head:
    """The beginning of an answer, of which only so much is read."""

    def __init__(self, source: Any) -> None:
        self._source, self._left = source, MAX_HEAD_BYTES

    def readline(self, limit: int) -> bytes:
        line: bytes = self._source.readline(min(limit, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise HeadTooLargeError
        return line

    def close(self) -> None:
        self._source.close()


class _ShortHead(HTTPResponse):
    """Bounds a head as a whole: the library allows a hundred lines of 64 kB."""

    def begin(self) -> None:
        source, head = self.fp, _Head(self.fp)
        self.fp = head  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is head:  # type: ignore[comparison-overlap]
                self.fp = source


class _Public(HTTPConnection):
    """Dials an address that was judged. `inside` are the hosts that need not be public."""

    response_class = _ShortHead

    def __init__(self, *args: Any, inside: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inside = inside
        self.held: socket.socket | None = None

    def connect(self) -> None:
        super().connect()
        # An answer that ends with its connection takes the socket along, and it may have to be cut.
        self.held = self.sock

    def _new_conn(self) -> socket.socket:
        port = self.port or self.default_port
        try:
            if place_of(self.host, port) in self._inside:
                return self._dialled(_looked_up(self.host, port))
            return self._dialled(resolved(self.host, port))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "not connected in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"not connected: {error}") from error

    def _dialled(self, found: Sequence[Found]) -> socket.socket:
        """Return a socket to the first of these that takes one. Raises OSError."""
        last: OSError | None = None
        for family, kind, protocol, _name, where in found[:MOST_TRIED]:
            dialled = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    dialled.setsockopt(*option)
                dialled.settimeout(self.timeout)
                dialled.connect(where)
                return dialled
            except OSError as error:
                dialled.close()
                last = error
        raise last or OSError("no address")


class _PublicHTTPS(_Public, HTTPSConnection):
    pass


class PublicAdapter(TimedAdapter):
    """Reaches public addresses only, and the hosts named as `inside` (`place_of`)."""

    def __init__(self, inside: Collection[str] = ()) -> None:
        super().__init__()
        self._inside = inside

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        public = _PublicHTTPS if pool.scheme == "https" else _Public
        pool.ConnectionCls = self._remembered(partial(public, inside=self._inside))
        return pool


def place_of(host: str, port: int) -> str:
    """Return host and port as settings name them: `nas.lan:8080`, `[::1]:8080`."""
    bare = host.strip("[]").lower()
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"
