"""The response with a person's archive: made while it is sent, holding no thread in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from accounts.models import User
from dashboard.pages.archive import archive_of


class ArchiveResponse(StreamingHttpResponse):
    """A ZIP of everything that a person has here."""

    def __init__(self, user: User, *, filename: str) -> None:
        super().__init__(archive_of(user), content_type="application/zip")
        header = content_disposition_header(True, filename)
        self["Content-Disposition"] = header or "attachment"
        self["Cache-Control"] = "no-store"
        self["Accept-Ranges"] = "none"  # made anew for each answer
        self["X-Content-Type-Options"] = "nosniff"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Make one block at a time in a worker thread, which is free again while it is sent."""
        blocks: Iterator[bytes] = iter(self)

        def next_block() -> bytes:
            try:
                return next(blocks, b"")
            finally:
                connections.close_all()  # the next block may come from another thread

        while block := await sync_to_async(next_block, thread_sensitive=False)():
            yield block
