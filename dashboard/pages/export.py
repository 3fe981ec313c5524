"""The response with a person's archive: made while it is sent, holding no thread in between."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import content_disposition_header

from accounts.models import User
from dashboard.pages.archive import archive_of
from models_app.serving.downloads import DownloadResponse


class ArchiveResponse(DownloadResponse):
    """A ZIP of everything that a person has here."""

    def __init__(self, user: User, *, filename: str, request: HttpRequest | None = None) -> None:
        super().__init__(archive_of(user), content_type="application/zip")
        header = content_disposition_header(True, filename)
        self["Content-Disposition"] = header or "attachment"
        if request:
            self.sent_later(request)
        self["Cache-Control"] = "no-store"
        self["Accept-Ranges"] = "none"  # made anew for each answer
        self["X-Content-Type-Options"] = "nosniff"
