"""Bodies and queries are UTF-8, whatever a request says of them."""

from __future__ import annotations

import re

from theway.bodies.asgi import Application, Receive, Scope, Send

_CHARSET = re.compile(rb';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)


class WithoutCharset:
    """An ASGI application around another that takes the charset out of `Content-Type`.

    Types of forms and JSON have no such parameter (RFC 7578, RFC 8259, WHATWG URL 5.1). Django
    would decode with any codec that Python has, also with those that decode no text.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*map(_without_charset, scope["headers"])]}
        await self._app(scope, receive, send)


def _without_charset(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    return (name, _CHARSET.sub(b"", value)) if name == b"content-type" else header
