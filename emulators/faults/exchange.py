"""One request that fails: finish it, answer something else, or cut it off."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from starlette.types import ASGIApp, Receive, Scope, Send

from emulators.faults import connection
from emulators.faults.answers import Answer, finish
from emulators.faults.rules import Rule
from emulators.faults.service import Service


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

    async def handle(self) -> None:
        """Handle it as if nothing were wrong."""
        await self.app(self.scope, self.receive, self.send)

    async def finish(self) -> Answer:
        """Do all of the work and keep the answer back."""
        return await finish(self.app, self.scope, self.receive)

    async def respond(self, response: ASGIApp) -> None:
        """Send an answer of the fault's own."""
        await response(self.scope, self.receive, self.send)

    async def hang_up(self) -> None:
        """Close the connection without an answer."""
        await connection.hang_up(self.scope, self.receive)

    async def reset(self) -> None:
        """Reset the connection."""
        await connection.reset(self.scope, self.receive)

    async def client_gone(self) -> None:
        """Wait until the client gives up."""
        await connection.gone(self.receive)
