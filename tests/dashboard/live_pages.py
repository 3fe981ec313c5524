"""Pages that are open at the whole ASGI application, without a server and a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from live.asgi import LiveStreams
from live.reader import Reader
from tests.conftest import client_of

LIMIT = 10  # seconds: patience on a busy machine, not slowness, is what is tested
NO_BODY = {"type": "http.request", "body": b"", "more_body": False}


class OpenPage:
    """One request for live events: its answer's beginning, and the pieces that follow."""

    def __init__(self, communicator: ApplicationCommunicator, start: Mapping[str, Any]) -> None:
        self._communicator = communicator
        self.status: int = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}

    async def next(self) -> bytes:
        """Return the next piece, which must come soon; b"" at the end of the answer."""
        piece = await self._communicator.receive_output(LIMIT)
        assert piece["type"] == "http.response.body"
        assert bool(piece.get("more_body")) is bool(piece["body"]) or self.status != 200
        return bytes(piece["body"])

    async def leave(self) -> None:
        """Close the page, as a browser does, and wait until the application has noticed."""
        with suppress(RuntimeError):  # the answer was complete
            await self._communicator.send_input({"type": "http.disconnect"})
        await self._communicator.wait(LIMIT)


class Pages:
    """Opens pages at an application of its own."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._application = LiveStreams(get_asgi_application(), reader)

    @asynccontextmanager
    async def open(
        self,
        user: User | None = None,
        *,
        client: Client | None = None,
        query: str = "",
        first: Mapping[str, Any] = NO_BODY,
        method: str = "GET",
    ) -> AsyncIterator[OpenPage]:
        """Open a page of `user`, or of the session of `client`, and leave it afterwards."""
        if user and not client:
            client = await in_database(client_of, user)
        communicator = ApplicationCommunicator(
            self._application, scope_of(client, query=query, method=method)
        )
        await communicator.send_input(first)
        page = OpenPage(communicator, await communicator.receive_output(LIMIT))
        try:
            yield page
        finally:
            await page.leave()


def scope_of(client: Client | None, *, query: str, method: str) -> dict[str, Any]:
    """The ASGI scope of the request."""
    headers = [(b"host", b"localhost")]
    if client:
        name = settings.SESSION_COOKIE_NAME
        headers.append((b"cookie", f"{name}={client.cookies[name].value}".encode()))
    path = reverse("dashboard:events")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }


@sync_to_async
def in_database(work: Any, *arguments: Any, **options: Any) -> Any:
    """Call `work` in a thread whose connections are closed afterwards."""
    try:
        return work(*arguments, **options)
    finally:
        connections.close_all()
