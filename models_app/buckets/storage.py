"""Django's storage in a bucket. Private: nothing here gives an address that a browser could open.

Every call ends within seconds. A service that does not answer is left alone for a moment, so that
pages with many pictures say at once that it is away, and no thread waits for it again and again.
"""

from __future__ import annotations

import io
import mimetypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any

from botocore.config import Config
from django.core.files.base import File
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from models_app.buckets.errors import said_plainly
from models_app.buckets.integrity import Integrity
from models_app.buckets.reading import BLOCK_BYTES, BucketReader
from models_app.buckets.writing import put
from models_app.storage_errors import StorageAwayError
from models_app.stored_files import Stored

CONNECT_SECONDS, ANSWER_SECONDS = 2, 15
PAUSE_SECONDS = 5.0  # after a call that was not answered
BUCKET_SEEN_SECONDS = 60.0
CONNECTIONS = 64


@deconstructible
class BucketStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """Files in one bucket. Options are django-storages'; none makes anything public."""

    def __init__(self, **options: Any) -> None:
        style = options.get("addressing_style", "auto")
        super().__init__(
            client_config=_client_config(style),
            default_acl=None,
            file_overwrite=False,
            querystring_auth=True,
            **options,
        )
        self._integrity = Integrity()
        self._lock = threading.Lock()
        self._shared: tuple[int, Any] | None = None
        self._away_until = self._seen_until = 0.0

    @property
    def client(self) -> Any:
        """The one client of this process, which all threads share (boto3 allows that)."""
        with self._lock:
            if self._shared is None or self._shared[0] != os.getpid():
                self._shared = os.getpid(), self.connection.meta.client
            return self._shared[1]

    def key_of(self, name: str) -> str:
        """Return the object's key. Raises SuspiciousOperation for a name that leads elsewhere."""
        return str(self._normalize_name(clean_name(name)))

    def exists(self, name: str) -> bool:
        return self._head(name) is not None

    def size(self, name: str) -> int:
        return int(self._found(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        modified: datetime = self._found(name)["LastModified"]
        return modified

    def delete(self, name: str) -> None:
        if not name:
            raise ValueError("The name must be given to delete().")
        with self._asked(name):
            self.client.delete_object(Bucket=self.bucket_name, Key=self.key_of(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        prefix = f"{self.key_of(name)}/".lstrip("/")
        folders, files = [], []
        for page in self._pages("list_objects_v2", Prefix=prefix, Delimiter="/"):
            folders += [found["Prefix"] for found in page.get("CommonPrefixes", ())]
            files += [found["Key"] for found in page.get("Contents", ())]
        return _below(prefix, folders), _below(prefix, files)

    def stored(self) -> Iterator[Stored]:
        """Yield every file, a thousand for each call to the service."""
        for page in self._pages("list_objects_v2"):
            for found in page.get("Contents", ()):
                if not found["Key"].endswith("/"):
                    yield Stored(found["Key"], found["Size"], found["LastModified"].timestamp())

    def unfinished(self) -> Iterator[tuple[str, str, float]]:
        """Yield key, id and beginning of each upload in parts that has not ended."""
        for page in self._pages("list_multipart_uploads"):
            for found in page.get("Uploads", ()):
                yield found["Key"], found["UploadId"], found["Initiated"].timestamp()

    def end_unfinished(self, key: str, upload_id: str) -> None:
        """Delete the parts of an upload that has not ended. One that is gone is fine."""
        with self._asked(key):
            self.client.abort_multipart_upload(Bucket=self.bucket_name, Key=key, UploadId=upload_id)

    def url(self, name: str, *_: Any, **__: Any) -> str:
        """Return no address: files are served by our own views, after an owner check."""
        return ""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError("Files in a bucket are read as bytes, and written by save().")
        found = self._found(name)
        reader = BucketReader(
            self.client,
            self.bucket_name,
            self.key_of(name),
            size=found["ContentLength"],
            etag=found["ETag"],
            integrity=self._integrity,
        )
        file: File[bytes] = File(io.BufferedReader(reader, BLOCK_BYTES), name)
        file.size = found["ContentLength"]
        return file

    def _save(self, name: str, content: IO[bytes]) -> str:
        cleaned = str(clean_name(name))
        content.seek(0)
        kind = mimetypes.guess_type(cleaned)[0] or self.default_content_type
        about = self.get_object_parameters(cleaned) | {"ContentType": kind}
        target = {"Bucket": self.bucket_name, "Key": self.key_of(cleaned)}
        with self._asked(cleaned):
            size = put(self.client, target, content, about, self._integrity)
        if self.size(cleaned) != size:
            raise StorageAwayError("a file did not arrive whole")
        return cleaned

    def _found(self, name: str) -> dict[str, Any]:
        """Return what the service says of an object. Raises FileNotFoundError."""
        found = self._head(name)
        if found is None:
            raise FileNotFoundError(f"There is no such file in the bucket: {name}")
        return found

    def _head(self, name: str) -> dict[str, Any] | None:
        if not clean_name(name).strip("./"):
            return None
        try:
            with self._asked(name):
                found: dict[str, Any] = self.client.head_object(
                    Bucket=self.bucket_name, Key=self.key_of(name)
                )
                return found
        except FileNotFoundError:
            self._require_bucket()
            return None

    def _require_bucket(self) -> None:
        """Raise StorageAwayError where it is the bucket that is missing: HEAD says 404 for both,
        and files that cannot be seen are not lost."""
        if time.monotonic() < self._seen_until:
            return
        try:
            with self._asked(self.bucket_name):
                self.client.head_bucket(Bucket=self.bucket_name)
        except FileNotFoundError as error:
            raise StorageAwayError("there is no such bucket") from error
        self._seen_until = time.monotonic() + BUCKET_SEEN_SECONDS

    def _pages(self, operation: str, **options: Any) -> Iterator[dict[str, Any]]:
        pages = iter(self.client.get_paginator(operation).paginate(
            Bucket=self.bucket_name, **options
        ))  # fmt: skip
        while True:
            with self._asked(operation):
                page = next(pages, None)
            if page is None:
                return
            yield page

    @contextmanager
    def _asked(self, name: str) -> Iterator[None]:
        """Ask the service, unless it was silent a moment ago."""
        if time.monotonic() < self._away_until:
            raise StorageAwayError("it did not answer a moment ago")
        try:
            with said_plainly(name):
                yield
        except StorageAwayError as error:
            if not _was_answered(error):
                self._away_until = time.monotonic() + PAUSE_SECONDS
            raise


def _below(prefix: str, keys: list[str]) -> list[str]:
    """Return names without their folder's; the folder itself may be an empty object."""
    names = (key.removeprefix(prefix).rstrip("/") for key in keys)
    return [name for name in names if name]


def _was_answered(error: StorageAwayError) -> bool:
    """Whether the service refused, which costs no time, rather than stay silent."""
    return hasattr(error.__cause__, "response")


def _client_config(addressing_style: str) -> Config:
    return Config(
        s3={"addressing_style": addressing_style},
        signature_version="s3v4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        # Checksums are ours (`integrity.py`): what is sent by itself not every service understands.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="TheWay",
    )
