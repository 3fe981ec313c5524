"""What a proxy says about the client, brought into the one form that uvicorn understands.

Behind two proxies `X-Forwarded-Proto` may be a list, or be there twice, as each proxy adds what it
saw; uvicorn takes one word and leaves the scheme at http for anything else, which behind https is
a redirect without end.
"""

from __future__ import annotations

from typing import cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware, _TrustedHosts

from theway.bodies.asgi import Application, Receive, Scope, Send

_PROTO, _FOR = b"x-forwarded-proto", b"x-forwarded-for"
_SCHEMES = {b"http", b"https"}
Headers = list[tuple[bytes, bytes]]


class ForwardedHeaders:
    """An ASGI application around another that is told the client's address and scheme, as the
    proxies of `trusted` saw them. `trusted` is what uvicorn takes."""

    def __init__(self, app: Application, trusted: str) -> None:
        self._trusted = _TrustedHosts(trusted)
        self._app = cast(Application, ProxyHeadersMiddleware(app, trusted))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers: Headers = scope["headers"]
            if any(name == _PROTO for name, _ in headers):
                scope = {**scope, "headers": self._with_one_scheme(headers)}
        await self._app(scope, receive, send)

    def _with_one_scheme(self, headers: Headers) -> Headers:
        others = [pair for pair in headers if pair[0] != _PROTO]
        scheme = self._scheme(_words(headers, _PROTO), _words(headers, _FOR))
        return [*others, (_PROTO, scheme)]

    def _scheme(self, schemes: list[bytes], addresses: list[bytes]) -> bytes:
        """Return the scheme that the outermost trusted proxy saw.

        Each proxy adds to both lists, so the schemes stand below the addresses. What the client
        itself wrote stands left of it, and counts for nothing. Lists that do not fit say https
        only if all of their words do.
        """
        schemes = [word.lower() for word in schemes]
        if len(schemes) > 1 and len(schemes) == len(addresses):
            return schemes[self._client(addresses)]
        same = set(schemes)
        return schemes[0] if len(same) == 1 and same <= _SCHEMES else b"http"

    def _client(self, addresses: list[bytes]) -> int:
        """Return where in the list the client stands: the last that is no proxy of ours."""
        for place in reversed(range(len(addresses))):
            address, _ = self._trusted.get_trusted_client_address(addresses[place].decode("latin1"))
            if address not in self._trusted:
                return place
        return 0


def _words(headers: Headers, name: bytes) -> list[bytes]:
    values = (value for found, value in headers if found == name)
    return [word.strip() for value in values for word in value.split(b",")]
