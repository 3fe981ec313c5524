"""Sending files to fal's own storage, where they expire by themselves.

A file is sent in one piece, a large one in parts (fal_client 1.0.3: above 100 MiB). The storage
has tokens of its own for that: the API key never goes to it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import IO, Any
from urllib.parse import urlsplit

from providers.errors import AuthenticationFailedError, UnexpectedReplyError
from providers.fal.hosts import Hosts
from providers.http.calls import Call, Reply
from providers.http.client import UPLOAD_LIMIT, UPLOAD_TIMEOUT, Client, OtherKey, Upload
from providers.http.session import KeyAuth

IN_ONE_PIECE = 90 * 1024 * 1024  # bytes
PART_BYTES = 10 * 1024 * 1024
LIFECYCLE_HEADER = "X-Fal-Object-Lifecycle"
OUTPUT_LIFECYCLE_HEADER = "X-Fal-Object-Lifecycle-Preference"


def lifecycle(lasts: timedelta) -> str:
    """Return the value of a lifecycle header: after so long a file is gone for good."""
    return json.dumps({"expiration_duration_seconds": int(lasts.total_seconds())})


def upload(
    client: Client, hosts: Hosts, file: IO[bytes], *, name: str, content_type: str, lasts: timedelta
) -> str:
    """Store a file, from its beginning; return its address. Costs nothing.

    Raises any `ProviderError` but `OutcomeUnknownError`.
    """
    storage = _Storage(client, hosts)
    value = lifecycle(lasts)
    headers = {
        "X-Fal-File-Name": name,
        LIFECYCLE_HEADER: value,
        OUTPUT_LIFECYCLE_HEADER: value,
    }
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > IN_ONE_PIECE:
        return _in_parts(storage, file, {**headers, "Content-Type": content_type})
    reply = client.ask(
        Call("POST", "/files/upload", headers=headers, origin=storage.origin),
        upload=Upload(file, content_type),
        key=storage.key,
        timeout=UPLOAD_TIMEOUT,
        limit=UPLOAD_LIMIT,
    )
    return _address(client, reply.data or {}, "access_url")


class _Storage:
    """The file host. Its token may run out while a large file is on its way."""

    def __init__(self, client: Client, hosts: Hosts) -> None:
        self.client, self._hosts = client, hosts
        self.key, self.origin = _token(client, hosts)

    def ask(self, method: str, path: str, *, piece: bytes = b"", **call: Any) -> Reply:
        """Make a call that may be repeated, with a fresh token where this one has run out."""
        try:
            return self._ask(method, path, piece, call)
        except AuthenticationFailedError:
            self.key, _origin = _token(self.client, self._hosts)
            return self._ask(method, path, piece, call)

    def _ask(self, method: str, path: str, piece: bytes, call: Mapping[str, Any]) -> Reply:
        return self.client.ask(
            Call(method, path, origin=self.origin, **call),
            upload=Upload(io.BytesIO(piece), "application/octet-stream") if piece else None,
            key=self.key,
            timeout=UPLOAD_TIMEOUT,
        )


def token_call(hosts: Hosts) -> Call:
    """Return the call that makes a token for uploads; it costs nothing."""
    return Call(
        "POST",
        "/storage/auth/token",
        {},
        params={"storage_type": "fal-cdn-v3"},
        origin=hosts.rest,
    )


def _token(client: Client, hosts: Hosts) -> tuple[OtherKey, str]:
    data = client.ask(token_call(hosts)).data or {}
    token, scheme = data.get("token"), data.get("token_type") or "Bearer"
    if not isinstance(token, str) or not token or not token.isprintable():
        raise UnexpectedReplyError(client.provider, "the storage gave no token")
    origin = str(data.get("base_url") or hosts.cdn).rstrip("/")
    # The photos go where the service itself keeps files, and nowhere else.
    if not _is_theirs(origin, hosts):
        raise UnexpectedReplyError(client.provider, "the storage is at an address of others")
    return OtherKey(KeyAuth(str(scheme), token)), origin


def _is_theirs(origin: str, hosts: Hosts) -> bool:
    if origin == hosts.cdn:
        return True
    parts, own = urlsplit(origin), urlsplit(hosts.cdn)
    domain = (own.hostname or "").partition(".")[2]  # fal.media of v3.fal.media
    host = parts.hostname or ""
    return parts.scheme == "https" and "." in domain and host.endswith(f".{domain}")


def _in_parts(storage: _Storage, file: IO[bytes], headers: Mapping[str, str]) -> str:
    client, origin = storage.client, storage.origin
    begun = storage.ask("POST", "/files/upload/multipart", headers=headers)
    address = _address(client, begun.data or {}, "access_url")
    upload_id = str((begun.data or {}).get("uploadId") or "")
    where = urlsplit(address)
    if f"{where.scheme}://{where.netloc}" != origin or not upload_id.isalnum():
        raise UnexpectedReplyError(client.provider, "the storage named an odd place for parts")
    path = f"{where.path}/multipart/{upload_id}"
    parts = [
        {"partNumber": number, "etag": _put_part(storage, f"{path}/{number}", piece)}
        for number, piece in enumerate(_pieces(file), start=1)
    ]
    storage.ask("POST", f"{path}/complete", payload={"parts": parts}, may_be_empty=True)
    return address


def _put_part(storage: _Storage, path: str, piece: bytes) -> str:
    return storage.ask("PUT", path, piece=piece, may_be_empty=True).headers.get("ETag", "")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PART_BYTES):
        yield piece


def _address(client: Client, data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or urlsplit(value).scheme not in {"http", "https"}:
        raise UnexpectedReplyError(client.provider, "the storage named no address")
    return value
