"""Stored files for programs: as for pages, but for what is said of one that is lost."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponseBase
from ninja import Query

from api.problems import ProblemError
from models_app.serving.stored import FileGoneError, stored

Size = Annotated[str, Query(pattern="^(full|thumbnail)$", description="full or thumbnail")]


def answers(*types: str) -> dict[str, Any]:
    """Return what a call that answers a file of one of these types says of it."""
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in types}
    part = "The part of it that the header Range asked for"
    return {
        "responses": {
            200: {"description": "The file", "content": content},
            206: {"description": part, "content": content},
            304: {"description": "It is the one that If-None-Match names"},
        }
    }


OF_PICTURES = answers("image/jpeg", "image/png", "image/webp")
OF_WEIGHTS = answers("application/octet-stream")


def file_answer(
    request: HttpRequest, file: FieldFile, *, download_as: str = ""
) -> HttpResponseBase:
    """Stream `file`, whole or in part. Raises Http404, and ProblemError where it is lost."""
    try:
        return stored(request, file, download_as=download_as)
    except FileGoneError as error:
        raise ProblemError("gone") from error
