"""The messages of the stream of server-sent events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Sendable(Protocol):
    """What a stream sends in one piece."""

    def encode(self) -> bytes:
        """Return it in the format `text/event-stream`."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event. The browser sends `id` back when it reconnects."""

    name: str
    id: int | None = None
    data: str = ""

    def encode(self) -> bytes:
        """Return it in the format `text/event-stream` (HTML standard, server-sent events)."""
        lines = [f"event: {self.name}", f"data: {self.data}"]
        if self.id is not None:
            lines.insert(0, f"id: {self.id}")
        return "\n".join([*lines, "", ""]).encode()


# Keeps proxies from closing an idle stream, and tells the page that it is not a dead one: a
# comment would do the former only.
KEEPALIVE = Message("alive", data="1").encode()
RESYNC = Message("resync")  # messages were dropped: the page has to load its live parts again
END = Message("end")  # the server stops; the browser reconnects by itself
