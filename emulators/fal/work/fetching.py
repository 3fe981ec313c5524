"""Files of other hosts, or of our own, read over HTTP as the real runners do."""

from __future__ import annotations

import base64
from pathlib import Path

import requests

from emulators.fal.catalog.checks import Where, finding
from emulators.fal.errors import FalError, invalid
from emulators.hosted.outgoing import session_for

MAX_BYTES = 1024**3
TIMEOUT = (10, 60)  # seconds: to connect, between two pieces
PIECE = 256 * 1024


def fetch(url: str, path: Path, where: Where) -> None:
    """Write what an address (http, https or a data URI) has to a file. Takes time: use a thread.

    Raises the 422 `file_download_error` where it cannot be read, `file_too_large` where it is.
    """
    try:
        if url.startswith("data:"):
            path.write_bytes(base64.b64decode(url.partition(",")[2], validate=True))
        else:
            _download(url, path, where)
    except (requests.RequestException, ValueError) as error:
        raise not_readable(url, where) from error


def not_readable(url: str, where: Where) -> FalError:
    """Return the 422 for an address that does not give the file."""
    message = "Failed to download the file. Please check if the URL is accessible and try again."
    return invalid([finding(where, message, "file_download_error", url[:200])])


def _download(url: str, path: Path, where: Where) -> None:
    size = 0
    with session_for(url) as session, path.open("wb") as target:
        answer = session.get(url, stream=True, timeout=TIMEOUT)
        answer.raise_for_status()
        for piece in answer.iter_content(PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                raise invalid([finding(where, "File is too large", "file_too_large", url[:200])])
            target.write(piece)
