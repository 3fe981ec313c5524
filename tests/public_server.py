"""A host of the public internet on this machine: its name leads here, with a certificate for it.

Only the resolver is replaced, and this one address counts as public: what else is judged is real.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator

import pytest

from providers.http import addresses
from tests.providers.raw_server import Behaviour, RawServer
from tests.storage.certificates import Certificate, own_certificate

NAME = "files.example.com"
HERE = "127.0.0.1"


class TlsServer(RawServer):
    """Like `RawServer`, over TLS; a client that breaks off the handshake costs it nothing."""

    def __init__(self, behaviour: Behaviour, certificate: Certificate) -> None:
        super().__init__(behaviour)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.file, certificate.key_file)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            super()._answer(self._context.wrap_socket(connection, server_side=True))


class Internet:
    """What names lead to. `servers` are started as asked for and end with the test."""

    def __init__(self, certificate: Certificate, stack: contextlib.ExitStack) -> None:
        self.names: dict[str, list[tuple[str, int]]] = {}
        self.asked: list[str] = []
        self._certificate, self._stack = certificate, stack

    def serve(self, behaviour: Behaviour, name: str = NAME) -> TlsServer:
        """Start a server and let `name` lead to it."""
        server = self._stack.enter_context(TlsServer(behaviour, self._certificate))
        self.names[name] = [(HERE, server.port)]
        return server

    def lookup(self, host: str, port: int, *_args: object, **_kwargs: object) -> list[tuple]:
        self.asked.append(host)
        try:
            found = self.names.get(host) or [(str(ipaddress.ip_address(host)), port)]
        except ValueError:
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (families[ipaddress.ip_address(ip).version], socket.SOCK_STREAM, 6, "", (ip, at))
            for ip, at in found
        ]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Certificate:
    return own_certificate(tmp_path_factory.mktemp("authority"), NAME, "other.example.com")


@pytest.fixture
def internet(monkeypatch, certificate) -> Iterator[Internet]:
    is_public: Callable[[str], bool] = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda ip: ip == HERE or is_public(ip))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate.authority_file))
    with contextlib.ExitStack() as stack:
        made = Internet(certificate, stack)
        monkeypatch.setattr(socket, "getaddrinfo", made.lookup)
        yield made
