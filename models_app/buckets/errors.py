"""What a bucket's service says when something fails, as errors of a file system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from models_app.storage_errors import StorageAwayError, StorageFullError

# 507 is HTTP's own word (RFC 4918); the codes are those of MinIO, Ceph and others for quotas.
_INSUFFICIENT = 507
_FULL = {
    "QuotaExceeded",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "InsufficientStorage",
    "InsufficientCapacity",
    "StorageFull",
}
_MISSING = {"404", "NoSuchKey", "NotFound"}
# The file was replaced while it was read.
_CHANGED = {"412", "PreconditionFailed"}


@contextmanager
def said_plainly(name: str = "") -> Iterator[None]:
    """Raise FileNotFoundError, StorageFullError or StorageAwayError for whatever the service or the
    way to it fails with."""
    try:
        yield
    except ClientError as error:
        raise _of_service(error, name) from error
    except (BotoCoreError, Boto3Error, HTTPError) as error:
        raise StorageAwayError(type(error).__name__) from error


def code_of(error: ClientError) -> str:
    """Return the service's own word, such as AccessDenied; of an answer without one, its status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_service(error: ClientError, name: str) -> OSError:
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING | _CHANGED:
        return FileNotFoundError(f"There is no such file in the bucket: {name}")
    if code in _FULL or status == _INSUFFICIENT:
        return StorageFullError(code)
    return StorageAwayError(code or str(status))
