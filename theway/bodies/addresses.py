"""Requests under way per client address: what connections cannot tell behind a proxy."""

from __future__ import annotations

from theway.addresses import AddressLimit, TooManyError
from theway.bodies.answers import TOO_MANY_FROM_HERE, send_answer
from theway.bodies.asgi import Application, Receive, Scope, Send


class RequestsPerAddress:
    """An ASGI application around another that refuses what an address asks beyond its limit.

    The address is the one that uvicorn names, so a proxy's word where that proxy is trusted. Open
    streams count, being requests that go on.
    """

    def __init__(self, app: Application, limit: AddressLimit) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client") if scope["type"] == "http" else None
        try:
            place = self._limit.take(client[0] if client else None)
        except TooManyError:
            await send_answer(TOO_MANY_FROM_HERE, scope, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._limit.give_back(place)
