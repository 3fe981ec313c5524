"""The answer of a wrapped service, kept back before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Answer:
    """What the service answered, whole."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def status(self) -> int:
        return int(self.start["status"])

    def replace_body(self, body: bytes) -> None:
        """Answer something else, of the right length."""
        self.body = bytearray(body)
        MutableHeaders(raw=self.start["headers"])["Content-Length"] = str(len(body))

    async def send(self, send: Send) -> None:
        """Send it to the client."""
        await send(self.start)
        await send({"type": "http.response.body", "body": bytes(self.body)})

    async def send_part(self, send: Send, size: int) -> None:
        """Send the announced headers and the first bytes only."""
        await send(self.start)
        part = {"body": bytes(self.body[:size]), "more_body": True}
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
