"""Stored files, streamed to their owners, whole or from where a download broke off.

No file is served by its path.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePath
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from dashboard.current_user import current_user
from dashboard.downloads import BLOCK_BYTES, DownloadResponse
from dashboard.pages.byte_ranges import FilePart, UnsatisfiableRangeError, requested_range
from generation import links
from generation.selectors import image_for
from models_app.file_names import weights_name
from models_app.models import UserModel
from models_app.selectors import model_for, photo_for
from training.selectors import sample_for

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


class StoredFileResponse(DownloadResponse, FileResponse):
    """A file response that reads one block at a time under ASGI, when Django is done.

    Django's own would read the whole file into memory there.
    """

    block_size = BLOCK_BYTES


@require_safe
def photo_file(request: HttpRequest, photo_id: UUID, size: str) -> HttpResponseBase:
    photo = photo_for(current_user(request), photo_id)
    return _stored(request, getattr(photo, _field(size, PHOTO_SIZES)))


@require_safe
def image_file(request: HttpRequest, image_id: UUID, size: str) -> HttpResponseBase:
    image = image_for(current_user(request), image_id)
    return _stored(request, getattr(image, _field(size, SIZES)))


@require_safe
def sample_file(request: HttpRequest, sample_id: UUID, size: str) -> HttpResponseBase:
    sample = sample_for(current_user(request), sample_id)
    return _stored(request, getattr(sample, _field(size, SIZES)))


@require_safe
def weights(request: HttpRequest, model_id: UUID) -> HttpResponseBase:
    """Send the trained weights to their owner."""
    return _weights_of(request, model_for(current_user(request), model_id))


@login_not_required  # a provider fetches it: the signature in the address is the permission
@require_safe
def signed_weights(request: HttpRequest, token: str) -> HttpResponseBase:
    return _weights_of(request, links.model_from_signature(token))


def _weights_of(request: HttpRequest, model: UserModel) -> HttpResponseBase:
    return _stored(request, model.weights, download_as=weights_name(model))


def _stored(request: HttpRequest, file: FieldFile, *, download_as: str = "") -> HttpResponseBase:
    """Stream `file`, or answer 304 where the browser has it, 410 where the storage has lost it.

    Raises Http404 where there never was one.
    """
    if not file:
        raise Http404("There is no such file.")
    # A stored file never changes: its name is new whenever its content is.
    etag = f'"{PurePath(file.name or "").name}"'
    try:
        response = get_conditional_response(request, etag=etag) or _content(request, file, etag)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        logger.error("%s is missing from the storage", file.name)
        return render(request, "gone.html", status=410)
    if isinstance(response, StoredFileResponse):
        response.sent_later(request)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = _disposition(file, download_as)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _content(request: HttpRequest, file: FieldFile, etag: str) -> HttpResponseBase:
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


def _disposition(file: FieldFile, download_as: str) -> str:
    shown_as = download_as or PurePath(file.name or "").name
    return content_disposition_header(bool(download_as), shown_as) or "inline"


def _field(size: str, fields: Mapping[str, str]) -> str:
    if size not in fields:
        raise Http404("There is no such size.")
    return fields[size]
