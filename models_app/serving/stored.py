"""Answers that stream a stored file. No file is served by its path."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePath
from typing import IO, Protocol

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from models_app.serving.byte_ranges import FilePart, UnsatisfiableRangeError, requested_range
from models_app.serving.downloads import BLOCK_BYTES, DownloadResponse

logger = logging.getLogger(__name__)

# By our own extension: names are ours, the name of the uploaded file does not count.
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".safetensors": "application/octet-stream",
}
# A photo has a size more: what is trained on of it.
SIZES = {"full": "file", "thumbnail": "thumbnail"}
PHOTO_SIZES = {**SIZES, "trained": "trained_file"}


class FileGoneError(Exception):
    """The storage has lost the file; its name is in the log."""


class StoredFileResponse(DownloadResponse, FileResponse):
    """A file response that reads one block at a time under ASGI, when Django is done.

    Django's own would read the whole file into memory there.
    """

    block_size = BLOCK_BYTES


class Stored(Protocol):
    """A stored file, or one that is made of a stored file and always the same. False: there is
    none."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int: ...
    def open(self, mode: str = "rb") -> IO[bytes]: ...
    def __bool__(self) -> bool: ...


def stored(
    request: HttpRequest, file: FieldFile | Stored, *, download_as: str = ""
) -> HttpResponseBase:
    """Return `file` as an answer, or 304 where the browser has it, 416 for a part beyond its end.

    Raises Http404 where there never was one, FileGoneError where the storage has lost it.
    """
    if not file:
        raise Http404("There is no such file.")
    # A stored file never changes: its name is new whenever its content is.
    etag = f'"{PurePath(file.name or "").name}"'
    try:
        response = get_conditional_response(request, etag=etag) or _content(request, file, etag)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        logger.error("%s is missing from the storage", file.name)
        raise FileGoneError from error
    if isinstance(response, StoredFileResponse):
        response.sent_later(request)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = _disposition(file, download_as)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def field_of(size: str, fields: Mapping[str, str]) -> str:
    """Return the field that holds a size of something. Raises Http404 for no size."""
    if size not in fields:
        raise Http404("There is no such size.")
    return fields[size]


def _content(request: HttpRequest, file: FieldFile | Stored, etag: str) -> HttpResponseBase:
    kind = CONTENT_TYPES.get(PurePath(file.name or "").suffix, "application/octet-stream")
    size = file.size
    try:
        part = requested_range(request, etag=etag, size=size)
    except UnsatisfiableRangeError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    source = file.open("rb") if request.method == "GET" else BytesIO()
    response: HttpResponseBase
    if part:
        response = StoredFileResponse(FilePart(source, part), status=206, content_type=kind)
        response["Content-Range"] = part.header(size)
    else:
        response = StoredFileResponse(source, content_type=kind)
    response["Content-Length"] = str(part.stop - part.start if part else size)
    return response


def _disposition(file: FieldFile | Stored, download_as: str) -> str:
    shown_as = download_as or PurePath(file.name or "").name
    return content_disposition_header(bool(download_as), shown_as) or "inline"
