"""One request that fails: finish it, answer something else, or cut it off."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulators.faults import connection
from emulators.faults.rules import Rule
from emulators.faults.service import Service


@dataclass(slots=True)
class Answer:
    """What the service answered, whole, before it is sent."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def status(self) -> int:
        return int(self.start["status"])

    @property
    def is_success(self) -> bool:
        """Whether the service did what was asked."""
        return 200 <= self.status < 300

    def replace_body(self, body: bytes) -> None:
        """Answer something else, of the right length."""
        self.body = bytearray(body)
        MutableHeaders(raw=self.start["headers"])["Content-Length"] = str(len(body))

    async def send(self, send: Send, size: int | None = None) -> None:
        """Send it to the client, or the announced headers and the first `size` bytes only."""
        await send(self.start)
        part = {"body": bytes(self.body[:size]), "more_body": size is not None}
        await send({"type": "http.response.body", **part})


async def finish(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Do all the work of a request; return its answer instead of sending it."""
    answer = Answer()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.start = message
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, keep)
    return answer


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and the rule that makes it fail."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    service: Service
    rule: Rule
    rng: Random

    async def finish(self) -> Answer:
        """Do all of the work and keep the answer back."""
        return await finish(self.app, self.scope, self.receive)

    async def respond(self, response: ASGIApp) -> None:
        """Send an answer of the fault's own, or the service's, as if nothing were wrong."""
        await response(self.scope, self.receive, self.send)

    async def hang_up(self) -> None:
        """Close the connection without an answer."""
        connection.close(self.scope)
        await self.client_gone()

    async def reset(self) -> None:
        """Reset the connection."""
        connection.reset(self.scope)
        await self.client_gone()

    async def client_gone(self) -> None:
        """Wait until the client is gone, dropping what still comes."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
