"""Photos in Replicate's own files: one ZIP per training, at an address that is used once.

They expire a day after the upload (`expires_at` says when) and are deleted with the job before.
The official client passes a file's address as a training's input; only its account can read it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from requests_toolbelt import MultipartEncoder

from providers.errors import BadDatasetError
from providers.hosted.zip_dataset import zip_of
from providers.http.calls import Call, Reply
from providers.http.client import UPLOAD_LIMIT, UPLOAD_TIMEOUT, Client, Upload
from providers.replicate.replies import MAX_ADDRESS, moment, text
from providers.types import Photo

MAX_BYTES = 100 * 1024 * 1024  # of one upload
# A training that waits for a machine reads them this much later.
NEEDED_FOR = timedelta(hours=2)


def upload(client: Client, photos: Sequence[Photo], *, only_own_captions: bool) -> Reply:
    """Upload the photos in one ZIP. Raises `BadDatasetError` where that is too large."""
    with zip_of(photos, only_own_captions=only_own_captions) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size > MAX_BYTES:
            text = _("The photos have more than %(limit)d MB in all.")
            raise BadDatasetError(client.provider, text % {"limit": MAX_BYTES // 1024**2})
        return client.ask(
            Call("POST", "/files"),
            upload=Upload.of_form(_form(file, photos)),
            timeout=UPLOAD_TIMEOUT,
            limit=UPLOAD_LIMIT,
        )


def _form(file: IO[bytes], photos: Sequence[Photo]) -> MultipartEncoder:
    """Return a form that streams `file`. It tells what the ZIP holds in numbers, because a
    training is prepared later, perhaps by another process."""
    captioned = sum(photo.is_captioned for photo in photos)
    metadata = {"photos": len(photos), "captioned": captioned}
    content = ("photos.zip", file, "application/zip")
    return MultipartEncoder({"metadata": json.dumps(metadata), "content": content})


def address(data: Mapping[str, Any]) -> str:
    """Return the address in the answer to an upload."""
    found = data["urls"]["get"]
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ADDRESS:
        raise ValueError("urls.get is not an address")
    return found


def call(method: str, dataset: str) -> Call:
    """Return a call about the file at an address."""
    name = dataset.rpartition("/files/")[2].partition("?")[0]
    return Call(method, f"/files/{quote(name, safe='')}", is_about_run=True, may_be_empty=True)


def is_there_long_enough(data: Mapping[str, Any], now: datetime) -> bool:
    """Whether a file object outlives the start of a training."""
    text(data, "id")
    expires_at = moment(data.get("expires_at"))
    return expires_at is None or expires_at - now > NEEDED_FOR


def is_captioned(data: Mapping[str, Any]) -> bool:
    """Whether a person wrote a caption for every photo in it; no, where that is not known."""
    metadata = data.get("metadata")
    if not isinstance(metadata, Mapping):
        return False
    # One of the official clients sends numbers as texts, so they may come back as such.
    photos, captioned = str(metadata.get("photos", "")), str(metadata.get("captioned", ""))
    return photos.isdigit() and photos == captioned
