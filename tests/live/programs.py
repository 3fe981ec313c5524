"""Programs that listen at the whole ASGI application, without a server and a network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from live.asgi import LiveStreams
from live.reader import Reader
from live.streaming import RETRY
from tests.dashboard.live_pages import LIMIT, NO_BODY, OpenPage
from tests.live.addresses import ALL


class Programs:
    """Opens streams at an application of its own, whose reader is in a hurry."""

    def __init__(self) -> None:
        self.reader = Reader(interval=0.01)
        self._application = LiveStreams(get_asgi_application(), self.reader)

    @asynccontextmanager
    async def open(
        self, token: str, path: str = ALL, *, query: str = "", last: int | None = None
    ) -> AsyncIterator[OpenPage]:
        """Open a stream past its first line, if it is one, and leave it afterwards."""
        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]
        if last is not None:
            headers.append((b"last-event-id", str(last).encode()))
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        communicator = ApplicationCommunicator(
            self._application, scope | {"query_string": query.encode()}
        )
        await communicator.send_input(NO_BODY)
        page = OpenPage(communicator, await communicator.receive_output(LIMIT))
        try:
            if page.status == 200:
                assert await page.next() == RETRY
            yield page
        finally:
            await page.leave()


def events_in(piece: bytes) -> list[dict[str, Any]]:
    """The events of one piece; each is checked to say the same id twice."""
    found = []
    for block in piece.decode().strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        event = json.loads(lines["data"])
        assert lines["id"] == str(event["id"])
        found.append(event | {"event": lines["event"]})
    return found


def ids_in(piece: bytes) -> list[int]:
    return [event["id"] for event in events_in(piece)]
