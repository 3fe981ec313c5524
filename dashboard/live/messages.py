"""What travels on the stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event. `id` is what the browser sends back when it reconnects."""

    name: str
    id: int | None = None
    data: str = ""

    def encode(self) -> bytes:
        """Return it as `text/event-stream` wants it (HTML standard, server-sent events)."""
        lines = [f"event: {self.name}", f"data: {self.data}"]
        if self.id is not None:
            lines.insert(0, f"id: {self.id}")
        return "\n".join([*lines, "", ""]).encode()


def update(id: int, content: dict[str, Any]) -> Message:
    """An update of page parts. JSON keeps it on one line, as the stream needs."""
    return Message("update", id, json.dumps(content))


KEEPALIVE = b": still here\n\n"  # a comment: keeps proxies from closing a silent stream
RESYNC = Message("resync")  # messages were dropped: read the page's live parts anew
END = Message("end")  # the server stops; the browser connects again by itself
