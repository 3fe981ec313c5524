"""One request in the hands of a fault: go on with it, keep its answer back, cut it off."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainer.faults import connection
from trainer.faults.rules import Rule
from trainer.runs.store import RunStore


@dataclass(slots=True)
class Answer:
    """What the service would have said."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def status(self) -> int:
        return int(self.start["status"])

    def replace_body(self, body: bytes) -> None:
        """Say something else, of the right length."""
        self.body = bytearray(body)
        MutableHeaders(raw=self.start["headers"])["Content-Length"] = str(len(body))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that a rule has struck."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    rule: Rule
    chance: Random
    runs: RunStore

    async def go_on(self) -> None:
        """Handle it as if nothing were wrong."""
        await self.app(self.scope, self.receive, self.send)

    async def finish(self) -> Answer:
        """Do all of the work and keep the answer back."""
        answer = Answer()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.start = message
            else:
                answer.body += message.get("body", b"")

        await self.app(self.scope, self.receive, keep)
        return answer

    async def say(self, answer: Answer) -> None:
        """Send an answer that was kept back."""
        await self.send(answer.start)
        await self.send({"type": "http.response.body", "body": bytes(answer.body)})

    async def say_a_part(self, answer: Answer, size: int) -> None:
        """Send the first bytes of an answer that announces more, and hang up."""
        await self.send(answer.start)
        part: dict[str, Any] = {"body": bytes(answer.body[:size]), "more_body": True}
        await self.send({"type": "http.response.body", **part})
        await self.hang_up()

    async def respond(self, response: ASGIApp) -> None:
        """Send an answer of the fault's own."""
        await response(self.scope, self.receive, self.send)

    async def hang_up(self) -> None:
        """End the connection without a word."""
        await connection.hang_up(self.scope, self.receive)

    async def reset(self) -> None:
        """Cut the connection."""
        await connection.reset(self.scope, self.receive)

    async def client_gone(self) -> None:
        """Wait until the client gives up."""
        await connection.gone(self.receive)
