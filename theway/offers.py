"""Offers to change the protocol in the middle of a connection, which are not taken.

Java's clients, some proxies and `curl --http2` offer `Upgrade: h2c` with any request. A server may
go on as if they had not (RFC 9110, 7.8), but llhttp stops at the end of such a head, so uvicorn
would lose the body, and read it as the next request.
"""

from __future__ import annotations

import sys
from contextlib import suppress

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OF_ONE_HOP = {b"upgrade", b"http2-settings"}


class OneProtocol(HttpToolsProtocol):
    """HTTP/1.1 to the end. WebSockets are left to `theway/heads.py`, which refuses them."""

    _data = b""

    def data_received(self, data: bytes) -> None:
        self._data = data
        super().data_received(data)

    def on_headers_complete(self) -> None:
        if not self._is_offer:
            self._begin()

    def on_message_complete(self) -> None:
        if not self._is_offer:
            self._complete()

    def _begin(self) -> None:
        """A head is complete."""
        super().on_headers_complete()

    def _complete(self) -> None:
        """A message is complete."""
        super().on_message_complete()

    @property
    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and self._get_upgrade() not in {None, b"websocket"}

    def _unsupported_upgrade_warning(self) -> None:
        """Read the request again without the offer. uvicorn calls this where llhttp has stopped,
        which is what the exception says."""
        if not self._is_offer:
            return
        stopped = sys.exception()
        rest = self._data[stopped.args[0] :] if stopped else b""
        head = self._head_without_offer()
        self.parser = httptools.HttpRequestParser(self)
        with suppress(AttributeError):  # as uvicorn does
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        super().data_received(head + rest)

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                words = [word.strip() for word in value.split(b",")]
                value = b", ".join(word for word in words if word.lower() not in _OF_ONE_HOP)
            if name not in _OF_ONE_HOP:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])
