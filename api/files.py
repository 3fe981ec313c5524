"""Stored files for programs: as for pages, but for what is said of one that is lost."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponseBase
from ninja import Query

from api.problems import ProblemError
from models_app.serving.stored import FileGoneError, stored

Size = Annotated[str, Query(pattern="^(full|thumbnail)$", description="full or thumbnail")]
# What a call that answers a file says of it, for the description.
ANSWERS: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        },
        206: {
            "description": "The part of it that the header Range asked for",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        },
        304: {"description": "It is the one that If-None-Match names"},
    }
}


def file_answer(
    request: HttpRequest, file: FieldFile, *, download_as: str = ""
) -> HttpResponseBase:
    """Stream `file`, whole or in part. Raises Http404, and ProblemError where it is lost."""
    try:
        return stored(request, file, download_as=download_as)
    except FileGoneError as error:
        raise ProblemError("gone") from error
