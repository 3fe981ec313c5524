"""Checks of the bucket: that this installation may use it, and nobody else."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.files.base import File
from django.core.files.storage import storages

from providers.http.client import is_loopback

Apps = Sequence[AppConfig] | None
PATIENCE = 5  # seconds


@register("storage")
def bucket_can_be_used(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E021: the bucket is missing or silent, or a right is: a file is written, read and deleted."""
    if "bucket" not in settings.STORAGES:
        return []
    bucket: Any = storages["bucket"]
    name = f"health/{uuid.uuid4()}"
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("list", lambda: bucket.listdir("health")),  # says more than others where it is refused
        ("write to", lambda: bucket.save(name, File(io.BytesIO(b"theway")))),
        ("read from", lambda: bucket.open(name).read()),
        ("delete in", lambda: bucket.delete(name)),
    ]
    for what, step in steps:
        try:
            step()
        except OSError as error:
            return [_unusable(what, error)]
    return []


@register(Tags.security, deploy=True)
def bucket_is_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """E022, W021, W022: others can read the bucket or its list, deleted files stay in it, or files
    travel unencrypted."""
    if "bucket" not in settings.STORAGES:
        return []
    bucket: Any = storages["bucket"]
    found: list[CheckMessage] = []
    if (bucket.endpoint_url or "").startswith("http://") and not is_loopback(bucket.endpoint_url):
        found.append(
            Warning(
                "S3_ENDPOINT_URL is not https, so photos can be read on the way.",
                id="theway.W022",
            )
        )
    try:
        return [*found, *_seen_by_others(bucket), *_kept_versions(bucket)]
    except (OSError, ClientError, BotoCoreError):
        return found  # E021 says what it is


def _seen_by_others(bucket: Any) -> list[CheckMessage]:
    """Ask as a stranger for a file of ours and for the list of all."""
    name = f"health/{uuid.uuid4()}"
    bucket.save(name, File(io.BytesIO(b"theway")))
    try:
        for what in _addresses(bucket, name):
            answer = requests.get(what, timeout=PATIENCE, allow_redirects=False,
                                  verify=bucket.verify or True)  # fmt: skip
            if answer.ok:
                return [_public()]
    finally:
        bucket.delete(name)
    return []


def _addresses(bucket: Any, name: str) -> list[str]:
    client = bucket.unsigned_connection.meta.client
    where = {"Bucket": bucket.bucket_name}
    return [
        client.generate_presigned_url("get_object", Params=where | {"Key": name}),
        client.generate_presigned_url("list_objects_v2", Params=where),
    ]


def _kept_versions(bucket: Any) -> list[CheckMessage]:
    try:
        answer = bucket.client.get_bucket_versioning(Bucket=bucket.bucket_name)
    except ClientError:
        return []  # no right to ask, which is as it should be
    if answer.get("Status") != "Enabled":
        return []
    return [
        Warning(
            f"The bucket {bucket.bucket_name} keeps versions, so photos that people delete stay "
            "in it.",
            hint="Suspend versioning, or have old versions expire within days.",
            id="theway.W021",
        )
    ]


def _public() -> CheckMessage:
    return Error(
        "Anybody can read the bucket: a file in it, or its list, was given without a key.",
        hint="Block all public access to it and delete its public policy and ACL.",
        id="theway.E022",
    )


def _unusable(what: str, error: OSError) -> CheckMessage:
    return Error(
        f"This installation cannot {what} the bucket: {error.strerror or error}.",
        hint="See S3_BUCKET, S3_ENDPOINT_URL, S3_REGION, S3_ADDRESSING, and the key with its "
        "rights: read, list, write, delete (docs/storage.md).",
        id="theway.E021",
    )
