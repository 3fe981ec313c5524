"""Receiving pictures that a provider has made: read and checked, not yet stored."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass

from jobs.work import InvalidResultError
from models_app.errors import PhotoRefusedError
from models_app.ingest import inspect
from providers.types import Download


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An image: its own bytes, its true format, its size and a small copy."""

    data: bytes
    extension: str
    width: int
    height: int
    thumbnail: bytes


def read_image(download: Download) -> DecodedImage:
    """Return the downloaded image, checked and decoded. Raises InvalidResultError."""
    data = b"".join(download.chunks)
    if download.size is not None and len(data) != download.size:
        raise InvalidResultError("bad_image", f"{len(data)} of {download.size} bytes arrived")
    try:
        picture = inspect(io.BytesIO(data))
    except PhotoRefusedError as error:
        code = "internal" if error.code == "busy" else "bad_image"
        raise InvalidResultError(code, f"the picture is refused: {error.code}") from error
    return DecodedImage(data, **asdict(picture))
